"""Read all workouts of a source into memory, with a log of what was skipped."""

from collections import Counter
from collections.abc import Iterable
from math import isnan
from os import PathLike
from pathlib import Path

from hrkeras.workouts.clock import date, is_date
from hrkeras.workouts.readers import detect
from hrkeras.workouts.readers.source import ReadLog, read_log_lines
from hrkeras.workouts.workout import Workout


class Workouts(list[Workout]):
    """The workouts of a source, the earliest first: a list with a log of what was not read.

    Attributes:
        log: what was skipped, and why; `log.person` has the age, sex and resting heart rate that an Apple Health export tells.
        source: where they were read from.

    Example:
        >>> import hrkeras
        >>> workouts = hrkeras.read("runs")
        >>> sum(workout.has_altitude for workout in workouts), workouts.log.skipped.total()
        (12, 0)
    """

    def __init__(self, workouts: Iterable[Workout], log: ReadLog, source: str) -> None:
        super().__init__(workouts)
        self.log, self.source = log, source

    def __repr__(self) -> str:
        days = sorted(date(workout.start)[:10] for workout in self if is_date(workout.start))
        dates = f", {days[0]} to {days[-1]}" if days else ""
        people = len({workout.user for workout in self})
        sports = Counter(workout.sport or "unnamed" for workout in self).most_common()
        count = f"{len(self):,} workout{'' if len(self) == 1 else 's'}"
        lines = [f"{count} of {people:,} {'person' if people == 1 else 'people'} from {self.source}{dates}"]
        lines += [f"  {count:,} x {sport}" for sport, count in sports]
        return "\n".join([*lines, *read_log_lines(self.log)])


def read(path: str | PathLike[str]) -> Workouts:
    """Reads all workouts of a source, whatever kind it is.

    Args:
        path: a GPX, TCX or FIT file; a folder or zip of those, such as Strava's bulk export, in which each sub-folder is a
            person; an Apple Health export (.zip, folder or .xml); or an Endomondo file with a workout a line.

    Returns:
        The workouts, the earliest first, those of unknown date last. What could not be read is counted in their `log` and
        shown when they are printed.

    Raises:
        InputError: if the file does not exist, is of another kind, or is damaged as a whole.

    Example:
        >>> import hrkeras
        >>> workouts = hrkeras.read("runs")
        >>> workouts
        12 workouts of 1 person from runs, 2019-11-14 to 2019-12-13
          12 x running
        >>> workouts[-1]
        Workout of 2019-12-13 18:33 UTC: running, 68 min, 6.3 km, mean heart rate 140 beats/min, user 'ada'
    """
    log = ReadLog()
    workouts = sorted(detect.read(Path(path).expanduser(), log), key=lambda workout: (isnan(workout.start), workout.start))
    return Workouts(workouts, log, str(path))
