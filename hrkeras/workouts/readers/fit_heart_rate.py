"""Heart rates in the `hr` messages of a FIT file, written by straps that store them under water or without a watch."""

from math import isnan

import numpy as np

from hrkeras.workouts.readers.fit_messages import Message, seconds

HR = 132  # number of the message in the FIT profile
FRACTION, FRACTION_256, BPM, EVENT, EVENT_12 = 0, 1, 6, 9, 10  # of its fields
TICKS = 1024  # of the strap's clock in a second
NO_RATES = frozenset((0, 0xFF))


class HeartRates:
    """Collects the heart rates of one FIT file.

    A message holds up to eight heart rates and the strap's time of each, complete or as its lowest 12 bits. One message,
    usually the first, gives the time of day of its first heart rate.
    """

    def __init__(self) -> None:
        self._events: list[int] = []
        self._rates: list[int] = []
        self._lost = False
        self._latest: int | None = None  # on the strap's clock
        self._offset: float | None = None  # s since 1970 at 0 of the strap's clock

    def add(self, message: Message) -> None:
        """Adds a message."""
        definition, content = message.definition, message.content
        events = [int(event) for event in definition.values(content, EVENT) if event != 0xFFFFFFFF]
        if events:
            self._latest = events[-1]
        elif self._latest is not None:
            for low in _twelve_bits(bytes(definition.values(content, EVENT_12))):
                self._latest += low - self._latest & 0xFFF
                events.append(self._latest)
        if events and not isnan(message.time) and self._offset is None:
            fraction = definition.value(content, FRACTION)
            part = (definition.value(content, FRACTION_256) or 0) / 256 if fraction is None else fraction / 32768
            self._offset = seconds(message.time) + part - events[0] / TICKS
        self._lost |= not events and any(rate not in NO_RATES for rate in definition.values(content, BPM))
        for event, rate in zip(events, definition.values(content, BPM), strict=False):
            if rate not in NO_RATES:
                self._events.append(event)
                self._rates.append(int(rate))

    @property
    def unread(self) -> bool:
        """Whether there are heart rates whose time of day is not known."""
        return bool(self._rates) and self._offset is None or self._lost

    def table(self) -> np.ndarray:
        """Increasing times in s since 1970-01-01 UTC, and heart rates in beats/min, shape `(2, n)`; empty without a date."""
        if self._offset is None:
            return np.empty((2, 0))
        clock, first = np.unique(self._offset + np.array(self._events) / TICKS, return_index=True)
        return np.stack([clock, np.array(self._rates, np.float64)[first]])


def _twelve_bits(packed: bytes) -> list[int]:
    """The numbers of 12 bits in bytes, the lowest bits first."""
    whole = int.from_bytes(packed, "little")
    return [whole >> 12 * place & 0xFFF for place in range(8 * len(packed) // 12)]
