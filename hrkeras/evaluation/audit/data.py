"""Whether a dataset gives away heart rate that is to be predicted: checks of its splits, histories and inputs."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np

from hrkeras.athlete.kalman import Known
from hrkeras.athlete.population import Population
from hrkeras.datasets.runs import Runs
from hrkeras.datasets.selection import of_person, part
from hrkeras.evaluation.audit import copies, inputs
from hrkeras.evaluation.audit.check import Check
from hrkeras.evaluation.audit.scrambling import EVERYTHING, pick, scrambled
from hrkeras.workouts import duplicates, splits
from hrkeras.workouts.grid import STEP

HISTORIES = 20  # runs whose history is checked
BEFORE, AFTER, OTHERS = 8, 5, 3  # runs of the person before and after each, and of other people on either side
TINY = 1e-6
AGAIN = "split it as `hrkeras.workouts.splits` does and train again."

Knows = Callable[[Runs, Population], list[Known]]


def checks(runs: Runs, data: str, known: Knows = Runs.known, seed: int = 0) -> Iterator[Check]:
    """Looks for heart rate of the test runs where a model may see it.

    Args:
        runs: all splits.
        data: name of the dataset; the part after its slash names the split.
        known: gives what is known before each run.
        seed: for the random choices, such as which runs are checked.
    """
    yield at_the_same_time(runs)
    yield near_copies(runs)
    yield people(runs, data)
    yield from histories(runs, known, np.random.default_rng(seed))
    yield from inputs.checks(runs, known, np.random.default_rng(seed))


def at_the_same_time(runs: Runs) -> Check:
    """Whether a person has two recordings of one run in two splits, by `duplicates.overlap`."""
    overlaps, starts, ends = [], runs.starts, runs.ends
    for user in np.unique(runs.users):
        mine = of_person(runs, user)
        for place, run in enumerate(mine):
            before = mine[:place]
            again = before[duplicates.overlap(starts[run], ends[run], starts[before], ends[before])]
            overlaps += [(earlier, run) for earlier in again if runs.split[earlier] != runs.split[run]]
    name = "runs at the same time"
    if not overlaps:
        return Check(name, True, "nobody has runs in two splits that overlap in time.")
    return Check(
        name,
        False,
        f"{_count(overlaps, 'pair')} of runs of one person overlap in time and lie in two splits: {_two(runs, *overlaps[0])}; "
        "leave one recording of each out of the source and build the dataset again.",
    )


def near_copies(runs: Runs) -> Check:
    """Whether runs in two splits have nearly the same speed and heart rate, of whatever person."""
    pairs, short = copies.find(runs.grids, runs.split)
    left = f" ({short:,} shorter than {copies.EXCERPT * STEP / 60:.0f} minutes were not compared)" if short else ""
    if not pairs:
        return Check("near copies", True, f"no run is nearly the same as one of another split{left}.")
    worst = max(pairs, key=lambda pair: min(pair.speed, pair.correlation))
    return Check(
        "near copies",
        False,
        f"{_count(pairs, 'pair')} of runs in two splits are nearly the same{left}: {_two(runs, worst.run, worst.other)}, whose "
        f"speeds correlate at {worst.speed:.3f} and {worst.by}s at {worst.correlation:.3f}; leave one of each pair out of "
        "the source and build the dataset again.",
    )


def people(runs: Runs, data: str) -> Check:
    """Whether people and days are split as the name of the dataset says."""
    config = data.partition("/")[2] or "by_time"
    name, side = f"split {config}", np.array([splits.SPLITS.index(split) for split in runs.split])
    if config == "by_user" or config.startswith("without_"):
        apart = side if config == "by_user" else side == 2
        both = [user for user in np.unique(runs.users) if len(np.unique(apart[runs.users == user])) > 1]
        if both:
            seen = int((np.isin(runs.users, both) & (side == 2)).sum())
            finding = f"{len(both)} of {len(np.unique(runs.users))} people have runs on both sides, such as person {both[0]}, so "
            return Check(name, False, f"{finding}{seen:,} test runs are of people who are not new to the model; {AGAIN}")
        tested = len(np.unique(runs.users[side == 2]))
        return Check(
            name,
            True,
            f"no person in the test split ({tested} of {len(np.unique(runs.users))} people) has runs elsewhere.",
        )
    groups = [np.arange(len(side))] if config.startswith("until_") else [of_person(runs, user) for user in np.unique(runs.users)]
    early = 0
    for rows in groups:
        for later in (2,) if config.startswith("until_") else (1, 2):
            last = runs.starts[rows][side[rows] < later].max(initial=-np.inf)
            early += int((runs.starts[rows][side[rows] == later] < last).sum())
    reference = "a run" if config.startswith("until_") else "a run of the same person"
    if early:
        return Check(
            name, False, f"{early:,} runs to score began before {reference} to learn from, so they are not later; {AGAIN}"
        )
    return Check(name, True, f"no run to score began before {reference} to learn from.")


def histories(runs: Runs, known: Knows, random: np.random.Generator) -> Iterator[Check]:
    """Whether what is known before a run changes with heart rate that was measured in it or later."""
    population, ends = runs.population(), runs.ends
    own: list[float] = []
    later: list[float] = []
    for run in pick(runs, np.flatnonzero(runs.split == "test"), HISTORIES, random):
        rows = _around(runs, run)
        few, place = part(runs, rows), int(np.flatnonzero(rows == run)[0])
        before = known(few, population)[place]
        not_over = [int(row) for row in np.flatnonzero(ends[rows] > runs.starts[run]) if row != place]
        for moved, hidden in ((own, [place]), (later, not_over)):
            changed = scrambled(few, dict.fromkeys(hidden, EVERYTHING), random)
            moved.append(_apart(before, known(changed, population)[place]))
    yield _history("history and own heart rate", "its own heart rate", own)
    yield _history("history and later heart rate", "heart rate of runs that were not over when it began", later)


def _history(name: str, what: str, moved: list[float]) -> Check:
    changed = sum(difference > TINY for difference in moved)
    if not changed:
        return Check(name, True, f"what is known before a run does not change with {what} ({_count(moved, 'run')} checked).")
    return Check(
        name,
        False,
        f"what is known before a run changes with {what}, in {changed} of {_count(moved, 'run')} checked, by up to "
        f"{max(moved):.3g}; correct what computes it, so that only runs that were over before enter (see `following.follow`).",
    )


def _around(runs: Runs, run: int) -> np.ndarray:
    """Rows of a run, of its person's runs around it, and of other people's about that time, the earliest first."""
    mine = of_person(runs, runs.users[run])
    place = int(np.flatnonzero(mine == run)[0])
    others = np.flatnonzero(runs.users != runs.users[run])
    others = others[np.argsort(runs.starts[others], kind="stable")]
    time = int(np.searchsorted(runs.starts[others], runs.starts[run]))
    rows = [*mine[max(0, place - BEFORE) : place + AFTER + 1], *others[max(0, time - OTHERS) : time + OTHERS]]
    return np.array(sorted(rows, key=lambda row: (runs.starts[row], row)))


def _apart(first: Known, second: Known) -> float:
    most = 0.0
    for name in ("expected", "course", "course_share", "history"):
        before, after = getattr(first, name), getattr(second, name)
        if (np.isfinite(before) != np.isfinite(after)).any():
            return float("inf")
        most = max(most, float(np.abs(after - before)[np.isfinite(before)].max(initial=0.0)))
    return most


def _count(items: list, what: str) -> str:
    return f"{len(items):,} {what}{'s' if len(items) != 1 else ''}"


def _two(runs: Runs, first: int, second: int) -> str:
    """Two runs in words, as an example."""
    both = (
        f"person {runs.users[run]}'s of {datetime.fromtimestamp(runs.starts[run], UTC):%Y-%m-%d %H:%M} UTC in {runs.split[run]}"
        for run in (first, second)
    )
    return "for example " + " and ".join(both)
