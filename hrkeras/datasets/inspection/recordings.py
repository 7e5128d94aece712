"""Recorded workouts in a temporary file, so that memory does not grow with them."""

import tempfile
import weakref

from hrkeras.workouts.readers.content import Content, pack, unpack
from hrkeras.workouts.workout import Workout


class Recordings:
    """Stores workouts and returns them by their number, in an unnamed temporary file without names and positions."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        self._ends = [0]
        weakref.finalize(self, self._file.close)

    def append(self, workout: Workout) -> None:
        """Stores a workout; its number is the count of workouts before it."""
        self._file.seek(self._ends[-1])
        self._ends.append(self._ends[-1] + self._file.write(pack(Content([workout], {}), "")))

    def workout(self, number: int, user: str) -> Workout:
        """The workout with that number, of that person."""
        begin, end = self._ends[number : number + 2]
        self._file.seek(begin)
        (workout,) = unpack(self._file.read(end - begin), "", user).items
        assert isinstance(workout, Workout)
        return workout

    def close(self) -> None:
        """Removes the file."""
        self._file.close()
