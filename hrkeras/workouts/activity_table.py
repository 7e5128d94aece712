"""The table of activities in a service's export (Strava's activities.csv, in any language): sport and name of each file."""

import csv
import io
import re
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import NamedTuple

from hrkeras.workouts import sports
from hrkeras.workouts.point_table import Stream
from hrkeras.workouts.workout import InvalidWorkoutError

FILE = "activities.csv"
MAX_BYTES = 64 << 20
NAME = re.compile(
    r"\b(name|title|titel|titre|titulo|titolo|nom|nombre|nome|naam|nazwa|navn|namn|название)\b|名|タイトル|标题|이름"
)
TRACK = re.compile(r"\.(gpx|tcx|fit)(\.gz)?$")


class Listed(NamedTuple):
    """What a table says of an activity, as written; empty where it does not say."""

    sport: str = ""
    name: str = ""


class ActivityTable:
    """Sport and name by file.

    The columns are told by what is in them, since their heads are in the athlete's language: files' paths in one (or in
    their place activities' numbers, by which the files are called), sports in another. Only names are told by their head.

    Args:
        stream: the CSV's bytes.

    Raises:
        InvalidWorkoutError: if it is no table.
    """

    def __init__(self, stream: Stream):
        heads, *rows = _rows(stream) or [[]]
        columns = [list(column) for column in zip_longest(*rows, fillvalue="")]
        keys = [[_key(cell) for cell in column] for column in columns]
        paths = max(keys, key=_paths, default=[])
        self._has_paths = _paths(paths) > 0
        if not self._has_paths:
            paths = next((column for column in keys if len(set(column)) == len(column)), [])
        told = max(columns, key=_sports, default=[])
        if not _sports(told)[0]:
            told = [""] * len(rows)
        named = next((place for place, head in enumerate(heads[: len(columns)]) if NAME.search(sports.folded(head))), None)
        names = [""] * len(rows) if named is None else columns[named]
        self._files = {path: Listed(*said) for path, *said in zip(paths, told, names, strict=True) if path}

    def find(self, path: str) -> Listed:
        """What the table says of a file.

        Args:
            path: relative to the table's folder, with "/".
        """
        key = _key(path)
        return self._files.get(key if self._has_paths else PurePosixPath(key).name.partition(".")[0], Listed())


def _paths(column: list[str]) -> int:
    """How many cells are paths of tracks."""
    return sum(bool(TRACK.search(cell)) for cell in column)


def _sports(column: list[str]) -> tuple[int, int, int]:
    """How many cells name a sport; where names such as "Morning Run" do so as well, sports are fewer and shorter."""
    cells = [cell for cell in column if sports.told(cell)]
    return len(cells), -len(set(cells)), -sum(map(len, cells))


def _rows(stream: Stream) -> list[list[str]]:
    data = b""
    while len(data) <= MAX_BYTES and (chunk := stream.read(1 << 20)):
        data += chunk
    if len(data) > MAX_BYTES:
        raise InvalidWorkoutError(f"table of activities of over {MAX_BYTES >> 20} MB")
    text = data.decode("utf-8-sig", errors="replace")
    head = text.partition("\n")[0]
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ","))
    except csv.Error as error:
        raise InvalidWorkoutError(f"table of activities that cannot be read ({error})") from None


def _key(path: str) -> str:
    return path.strip().replace("\\", "/").removeprefix("./").lower()
