"""How many workouts a reader and the filters left out, and for which reasons."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hrkeras.utils.text import table
from hrkeras.workouts.quality import DUPLICATE, REASONS, Taken

UNNAMED = "unnamed"  # a sport that the source does not name


def counted(numbers: Counter[str]) -> Iterator[str]:
    """Counts with their names, such as "12 cycling", the largest first."""
    return (f"{count:,} {name}" for name, count in numbers.most_common() if count)


@dataclass
class Funnel:
    """How many workouts were read, how many each filter took, how many are left.

    Attributes:
        unreadable: count by reason of what could not be read as a workout.
        passed_over: count by reason of what was passed over in workouts that were read.
        examples: the first places of each of these.
        workouts: number of workouts read.
        taken: count by filter; a workout is counted at the first filter that takes it.
        reasons: count by reason in words, of the workouts that filters took.
        other_sports: count by sport of the workouts that the filter of sports took.
    """

    unreadable: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    workouts: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    other_sports: Counter[str] = field(default_factory=Counter)

    def count(self, taken: str | None) -> None:
        """Counts one workout and the filter that takes it, if any."""
        self.workouts += 1
        if taken is not None:
            self.taken[taken] += 1
            self.reasons[taken.reason if isinstance(taken, Taken) else REASONS[taken]] += 1
        if isinstance(taken, Taken) and taken == "sport":
            self.other_sports[taken.sport or UNNAMED] += 1

    def add(self, other: "Funnel") -> None:
        """Counts what another funnel has counted, but not what it could not read."""
        self.workouts += other.workouts
        self.taken.update(other.taken)
        self.reasons.update(other.reasons)
        self.other_sports.update(other.other_sports)

    def count_duplicates(self, count: int) -> None:
        """Sets how many of the counted workouts are duplicates, which is known once all are read."""
        if count:
            self.taken[DUPLICATE] = count

    @property
    def left(self) -> int:
        """How many passed."""
        return self.workouts - self.taken.total()

    @property
    def left_out(self) -> Counter[str]:
        """How many did not pass or could not be read, by reason in words."""
        return self.unreadable + self.reasons + Counter({REASONS[DUPLICATE]: self.taken[DUPLICATE]})

    def steps(self) -> list[tuple[str, int, int]]:
        """Rows of the funnel: label, number taken, number left after it."""
        left = self.workouts
        rows = [("workouts read", 0, left)]
        for name, reason in REASONS.items():
            left -= self.taken[name]
            rows.append((f"{name}: {reason}", self.taken[name], left))
        return rows

    def as_dict(self) -> dict[str, Any]:
        """The funnel for a JSON file."""
        return {
            "workouts": self.workouts,
            "taken": {name: self.taken[name] for name in REASONS},
            "other_sports": dict(self.other_sports.most_common()),
            "left": self.left,
            "unreadable": dict(self.unreadable),
            "unreadable_examples": {reason: self.examples[reason] for reason in self.unreadable},
            "passed_over": dict(self.passed_over),
        }

    def __str__(self) -> str:
        rows = self.steps()
        lines = [table(("", "removed", "left"), [(label, f"{taken:,}", f"{left:,}") for label, taken, left in rows])]
        if self.other_sports:
            lines.append(f"other sports left out: {', '.join(counted(self.other_sports))}")
        titles = {"not readable as workouts": self.unreadable, "passed over in workouts that were read": self.passed_over}
        for title, counts in titles.items():
            if counts:
                lines.append(f"{title}: {counts.total():,}")
            for reason, count in counts.most_common():
                lines.append(f"  {count:,} x {reason} (first: {self.examples[reason][0]})")
        return "\n".join(lines)
