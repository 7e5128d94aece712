"""The heart rates of an Apple Health export, and the choice of the device for each workout."""

import unicodedata
from collections.abc import Iterable
from html import unescape
from typing import NamedTuple

import numpy as np

from hrkeras.workouts.interpolation import MAX_HEART_RATE_GAP

MAX_NAME = 200  # bytes of a name that are compared
MAX_SOURCES = 1000  # further ones count as one; a person has some dozens in ten years
OWN_SHARE = 0.5  # of the time that the densest source covers, which a workout's own must cover to be used


class HeartRates(NamedTuple):
    """All heart rates of an export in order of time, at most one per source and instant.

    Attributes:
        clock: s since 1970-01-01 UTC, shape `(n,)`.
        value: beats/min, shape `(n,)`.
        source: numbers of the sources, shape `(n,)`.
        names: of the sources, by number.
    """

    clock: np.ndarray
    value: np.ndarray
    source: np.ndarray
    names: list[str]

    def during(self, start: float, end: float, own: str) -> tuple[np.ndarray, np.ndarray]:
        """The heart rates of one source between two times, both included.

        That is the source that recorded the workout, or the densest one if the former has none or covers less than
        `OWN_SHARE` of the time that the densest covers.

        Args:
            start: s since 1970-01-01 UTC.
            end: likewise.
            own: name of the source that recorded the workout, from `source_name`; empty if unknown.

        Returns:
            Clock in s since 1970-01-01 UTC and heart rate in beats/min, each of shape `(m,)`.
        """
        first, last = np.searchsorted(self.clock, [start, np.nextafter(end, np.inf)])
        clock, value, source = self.clock[first:last], self.value[first:last], self.source[first:last]
        if not len(source) or (source == source[0]).all():
            return clock, value
        numbers, counts = np.unique(source, return_counts=True)
        by_count = numbers[np.argsort(-counts, kind="stable")]
        densest = source == by_count[0]
        preferred = next((source == number for number in by_count if own and self.names[number] == own), densest)
        taken = preferred if _covered(clock[preferred]) >= OWN_SHARE * _covered(clock[densest]) else densest
        return clock[taken], value[taken]


def _covered(clock: np.ndarray) -> float:
    """Seconds between heart rates that are interpolated across."""
    gaps = np.diff(clock)
    return float(gaps[gaps <= MAX_HEART_RATE_GAP].sum())


class _Numbers(dict[tuple[bytes, bytes], int]):
    """Numbers sources by their name and that of the device, as written."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: dict[tuple[str, str], int] = {}

    def __missing__(self, written: tuple[bytes, bytes]) -> int:
        if len(self) == MAX_SOURCES:
            return len(self.sources)
        source = source_name(written[0]), source_name(written[1])
        self[written] = number = self.sources.setdefault(source, len(self.sources))
        return number


class Collector:
    """Collects heart rates in any order."""

    def __init__(self) -> None:
        self._parts = [(np.empty(0), np.empty(0, np.float32), np.empty(0, np.uint16))]
        self._numbers = _Numbers()

    def add(self, clock: np.ndarray, value: np.ndarray, sources: Iterable[tuple[bytes, bytes]]) -> None:
        """Adds heart rates; those of 0 are dropped.

        Args:
            clock: s since 1970-01-01 UTC, shape `(n,)`.
            value: beats/min, shape `(n,)`.
            sources: for each its name and that of the device, which distinguishes the sensors of one source.
        """
        source = np.fromiter(map(self._numbers.__getitem__, sources), np.uint16, len(clock))
        measured = value > 0
        self._parts.append((clock[measured], value[measured].astype(np.float32), source[measured]))

    def collected(self) -> HeartRates:
        """All heart rates added; of several of one source at one instant the first."""
        clock, value, source = map(np.concatenate, zip(*self._parts, strict=True))
        order = np.lexsort((source, clock))
        clock, value, source = clock[order], value[order], source[order]
        first = np.ones(len(clock), bool)
        first[1:] = (clock[1:] != clock[:-1]) | (source[1:] != source[:-1])
        return HeartRates(clock[first], value[first], source[first], [*(name for name, _ in self._numbers.sources), ""])


def source_name(written: bytes) -> str:
    """A normalised name to compare sources by, independent of how spaces and apostrophes are written."""
    text = unicodedata.normalize("NFKC", unescape(written[:MAX_NAME].decode(errors="replace")))
    return " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split()).casefold()
