"""What may be known when a run is predicted: the named protocols, and the cases each is scored on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # the command line lists the protocols without NumPy
    import numpy as np

    from hrkeras.datasets.windows import Windows

MINUTE = 60.0  # s
BEGINNING = 10 * MINUTE
AHEAD = (6, 18, 30)  # steps of 10 s after a forecast origin that are predicted from the past alone
TAIL = max(AHEAD) + 2  # steps after its origin that a cut run has
CONTEXT, RECORDED = 30, 20  # steps before an origin, and of how many of them heart rate must be recorded
ON_A_LINE = 2e-3  # beats/min, how far interpolated heart rates are from a line at most
GAP_SHARE = 0.3  # of a run's steps hidden for imputation, in gaps of 1 to 10 minutes


@dataclass(frozen=True)
class Case:
    """One thing to predict.

    Attributes:
        name: for a table.
        course: whether speed and altitude of the whole run are known, or only of the past.
        delay: s, how long ago a step's newest known heart rate was measured; 0 where `shown` says what is known.
        shown: maps the windows to where their heart rate is known, shape `(windows, steps)`; nowhere if not given.
        after: whether heart rate is known after the steps to predict, too.
        ahead: steps after the origin of cut runs that are predicted, see `origins`; 0 where runs are whole.
    """

    name: str
    course: bool = True
    delay: float = 0.0
    shown: Callable[["Windows"], "np.ndarray"] | None = None
    after: bool = False
    ahead: int = 0

    def known(self, windows: "Windows") -> dict:
        """What `Windows.inputs` is to give a model, as its arguments."""
        import numpy as np

        shown = self.shown(windows) if self.shown else np.zeros(windows.heart_rate.shape, bool)
        heart_rate = np.where(shown, windows.heart_rate, np.float32(np.nan))
        return {"heart_rate": heart_rate, "delay": self.delay, "course": self.course}

    def scored(self, windows: "Windows") -> "np.ndarray":
        """The steps that count: measured, hidden, and not before anything could be known, shape `(windows, steps)`."""
        import numpy as np

        if self.ahead:
            return ahead_of_origin(windows, self.ahead)
        measured = np.isfinite(windows.heart_rate)
        if self.delay:
            return measured & (windows.time >= self.delay)
        return measured & ~self.shown(windows) if self.shown else measured


@dataclass(frozen=True)
class Protocol:
    """A set of cases with its name and a sentence that says what is known.

    Attributes:
        name: as on the command line.
        meaning: a sentence.
        cases: what is scored.
    """

    name: str
    meaning: str
    cases: tuple[Case, ...] = (Case("whole run"),)

    @property
    def uses_heart_rate(self) -> bool:
        """Whether some of the run's own heart rate is known."""
        return any(case.shown for case in self.cases)

    @property
    def past_only(self) -> bool:
        """Whether runs are cut at forecast origins, and what comes is assumed."""
        return any(case.ahead for case in self.cases)

    @property
    def rest(self) -> Case | None:
        """The case in which only the first ten minutes are known, if there is one."""
        return next((case for case in self.cases if case.shown and not case.delay and not case.after), None)


def everything(windows: "Windows") -> "np.ndarray":
    """All heart rate is shown; with a delay, up to that long before."""
    import numpy as np

    return np.ones(windows.heart_rate.shape, bool)


def beginning(windows: "Windows") -> "np.ndarray":
    """The first ten minutes are shown."""
    return windows.time < BEGINNING


def from_origin(windows: "Windows") -> "np.ndarray":
    """Steps after the origin of runs that are cut `TAIL` steps after it, negative before it, shape `(windows, steps)`."""
    import numpy as np

    return windows.first_step[:, None] + np.arange(windows.time.shape[1]) - (windows.run_steps[:, None] - TAIL)


def before_origin(windows: "Windows") -> "np.ndarray":
    """The steps before the origin of a cut run are shown."""
    return from_origin(windows) < 0


def recorded(heart_rate: "np.ndarray") -> "np.ndarray":
    """Where heart rate was recorded rather than interpolated across a gap, where three in a row lie on a line; any shape."""
    import numpy as np

    found = np.isfinite(heart_rate)
    with np.errstate(invalid="ignore"):
        bent = np.abs(np.diff(heart_rate, 2)) > ON_A_LINE
    found[..., 1:-1] &= bent
    return found


def ahead_of_origin(windows: "Windows", steps: int) -> "np.ndarray":
    """The step so many steps after the origin of cut runs, if the origin counts, shape `(windows, steps)`.

    It does where heart rate was recorded in enough steps before it, on both sides of it, since what is interpolated across it
    knows what comes, and at all of `AHEAD`: all horizons are scored on the same origins.
    """
    import numpy as np

    there, after = recorded(windows.heart_rate) & (windows.valid > 0), from_origin(windows)
    before = (there & (after >= -CONTEXT) & (after < 0)).sum(axis=1)
    needed = (-1, 0, *AHEAD)
    counts = (before >= RECORDED) & ((there & np.isin(after, needed)).sum(axis=1) == len(needed))
    return (after == steps) & counts[:, None]


def between_gaps(windows: "Windows") -> "np.ndarray":
    """All is shown but gaps of 1 to 10 minutes, always the same for a run."""
    import numpy as np

    shown = np.ones(windows.heart_rate.shape, bool)
    step = float(windows.time[0, 1] - windows.time[0, 0]) if windows.time.shape[1] > 1 else MINUTE
    for row, start in enumerate(windows.start):
        random = np.random.default_rng((int(start), int(windows.first_step[row])))
        steps = int(windows.valid[row].sum())
        while (~shown[row, :steps]).sum() < GAP_SHARE * steps:
            gap = max(1, int(np.exp(random.uniform(np.log(MINUTE), np.log(10 * MINUTE))) / step))
            begin = int(random.integers(1 - gap, steps))
            shown[row, max(begin, 0) : begin + gap] = False
    return shown


_KNOWN = "speed and altitude of the whole run and the person's earlier runs are known"
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("profile", f"{_KNOWN}, nothing of the run's own heart rate is (planning a run)."),
        Protocol(
            "live",
            "of the run only the past of its speed and altitude is known at each step, and the person's earlier runs; "
            "nothing of its heart rate, nor how long it will be.",
            (Case("whole run", course=False),),
        ),
        Protocol(
            "forecast",
            f"{_KNOWN}, and the run's own heart rate up to now.",
            (
                *(Case(f"{minutes} min ahead", delay=minutes * MINUTE, shown=everything) for minutes in (1, 5, 10)),
                Case("rest after 10 min", shown=beginning),
            ),
        ),
        Protocol(
            "past_only",
            "at origins every five minutes, speed, altitude and heart rate of the run's past are known, and the person's earlier "
            "runs; speed and altitude to come are assumed from the past, and nothing tells how long the run will be.",
            tuple(
                Case(f"{steps // 6} min ahead", course=False, delay=10.0 * (steps + 1), shown=before_origin, ahead=steps)
                for steps in AHEAD
            ),
        ),
        Protocol(
            "imputation",
            f"{_KNOWN}, and the run's own heart rate but for gaps of 1 to 10 minutes, {100 * GAP_SHARE:.0f} % of the run.",
            (Case("gaps", shown=between_gaps, after=True),),
        ),
        Protocol("by_user", f"people of whom no run was trained on; {_KNOWN}, nothing of the run's own heart rate is."),
        Protocol("later", f"runs after the last day that was trained on; {_KNOWN}, nothing of the run's own heart rate is."),
    )
}

if TYPE_CHECKING:
    ProtocolName = str
else:
    ProtocolName = Literal[*PROTOCOLS]  # from which the command line makes its choices
