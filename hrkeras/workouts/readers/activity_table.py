"""The table of activities in a service's export (Strava's activities.csv, in any language): sport and name of each file."""

import csv
import io
import re
from pathlib import PurePosixPath
from typing import NamedTuple

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers import sports
from hrkeras.workouts.readers.point_table import Stream
from hrkeras.workouts.readers.source import read_whole

FILE = "activities.csv"
MAX_BYTES = 64 << 20
MAX_CELLS = 5_000_000
MAX_PATH = 200  # characters
SAMPLE = 50  # rows that are searched for sports
NAME = re.compile(
    r"\b(name|title|titel|titre|titulo|titolo|nom|nombre|nome|naam|nazwa|navn|namn|название)\b|名|タイトル|标题|이름"
)
TRACK = re.compile(r"\.(gpx|tcx|fit)(\.gz)?$")


class Listed(NamedTuple):
    """The entries of a table for an activity, as written; empty if missing."""

    sport: str = ""
    name: str = ""


class ActivityTable:
    """Sport and name by file.

    Columns are recognised by their content, since their headers are in the athlete's language: paths of files in one (or
    else numbers of activities, after which the files are named), sports in another. Only names are recognised by their header.

    Args:
        stream: the CSV's bytes.

    Raises:
        InvalidWorkoutError: if it is not a table.
    """

    def __init__(self, stream: Stream):
        heads, *rows = _rows(stream) or [[]]
        places = range(max(map(len, rows), default=0))
        if len(rows) * len(places) > MAX_CELLS:
            raise InvalidWorkoutError(f"table of activities of over {MAX_CELLS:,} cells")

        def column(place: int | None, rows: list[list[str]] = rows) -> list[str]:
            return ["" if place is None or place >= len(row) else row[place] for row in rows]

        path = max(places, key=lambda place: _paths(column(place)), default=None)
        self._has_paths = _paths(column(path)) > 0
        if not self._has_paths:
            path = next((place for place in places if len(set(column(place))) == len(rows)), None)
        sample = rows[:: len(rows) // SAMPLE + 1]
        sport = max(places, key=lambda place: _sports(column(place, sample)), default=None)
        if not _sports(column(sport, sample))[0]:
            sport = None
        named = next((place for place, head in enumerate(heads) if NAME.search(sports.folded(head))), None)
        listed = map(Listed, column(sport), column(named))
        self._files = {_key(cell): activity for cell, activity in zip(column(path), listed, strict=True) if cell}

    def find(self, path: str) -> Listed:
        """The entries of the table for a file.

        Args:
            path: relative to the table's folder, with "/".
        """
        key = _key(path)
        return self._files.get(key if self._has_paths else PurePosixPath(key).name.partition(".")[0], Listed())


def _paths(column: list[str]) -> int:
    """Number of cells that are paths of tracks."""
    return sum(bool(TRACK.search(_key(cell[-MAX_PATH:]))) for cell in column)


def _sports(column: list[str]) -> tuple[int, int, int]:
    """Number of cells that name a sport; where names such as "Morning Run" do so too, sports are fewer and shorter."""
    cells = [cell for cell in column if sports.of_text(cell)]
    return len(cells), -len(set(cells)), -sum(map(len, cells))


def _rows(stream: Stream) -> list[list[str]]:
    text = read_whole(stream, MAX_BYTES, "table of activities of ").decode("utf-8-sig", errors="replace")
    head = text.partition("\n")[0]
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
        return [row for row in rows if row]
    except csv.Error as error:
        raise InvalidWorkoutError(f"table of activities that cannot be read ({error})") from None


def _key(path: str) -> str:
    return path.strip().replace("\\", "/").removeprefix("./").lower()
