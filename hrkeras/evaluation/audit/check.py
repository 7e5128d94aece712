"""The result of one check of an audit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One question of an audit and its answer.

    Attributes:
        name: of the check.
        passed: None if the question does not arise.
        finding: a sentence or two with numbers and, unless it passed, what to do.
    """

    name: str
    passed: bool | None
    finding: str

    @property
    def state(self) -> str:
        """In words."""
        return "not applicable" if self.passed is None else "passed" if self.passed else "FAILED"

    def __str__(self) -> str:
        return f"{self.name}: {self.state}: {self.finding}"

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"check": self.name, "state": self.state, "finding": self.finding}
