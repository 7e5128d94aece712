"""Whether heart rate that shall be predicted is found in what it is predicted from: checks of a dataset."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from hrkeras import copies
from hrkeras.windows import Runs
from hrkeras.workouts.athlete import COURSE_FACTS, EXPECTED, Known
from hrkeras.workouts.grid import STEP
from hrkeras.workouts.history import COLUMNS
from hrkeras.workouts.population import Population

HISTORIES, CHANNELS = 20, 100  # runs that are looked at
BEFORE, AFTER, OTHERS = 8, 5, 3  # runs of the person, and of others, that stand around one whose history is looked at
LAGS = range(-3, 31)  # steps that a channel may be later than heart rate
FEWEST = 30  # steps, and runs, that tell of a relation at all
TOO_LIKE = 0.97  # physiology stays far below; see `relations`
EVERYTHING = slice(None)

Knows = Callable[[Runs, Population], list[Known]]


@dataclass(frozen=True)
class Check:
    """What one check found.

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
        return {True: "passed", False: "FAILED", None: "not applicable"}[self.passed]


def checks(runs: Runs, data: str, known: Knows = Runs.known, seed: int = 0) -> Iterator[Check]:
    """Looks for heart rate of the test runs where a model may see it.

    Args:
        runs: all splits.
        data: name of the dataset; what stands behind its slash is how it was split.
        known: what gives that is known before each run.
        seed: of what chance decides, such as which runs are looked at.
    """
    random = np.random.default_rng(seed)
    yield at_the_same_time(runs)
    yield near_copies(runs)
    yield people(runs, data)
    yield from histories(runs, known, random)
    yield from channels(runs, known, random)


def at_the_same_time(runs: Runs) -> Check:
    """Whether a person has runs in two splits that overlap in time, such as two recordings of one run."""
    found, ends = [], runs.starts + lengths(runs)
    for user in np.unique(runs.users):
        mine = np.flatnonzero(runs.users == user)
        mine = mine[np.argsort(runs.starts[mine], kind="stable")]
        for place, run in enumerate(mine):
            over = mine[:place][ends[mine[:place]] > runs.starts[run]]
            found += [(int(other), int(run)) for other in over if runs.split[other] != runs.split[run]]
    name = "runs at the same time"
    if not found:
        return Check(name, True, "nobody has runs in two splits that overlap in time.")
    return Check(
        name,
        False,
        f"{len(found):,} pairs of runs of one person overlap in time and lie in two splits, such as {_two(runs, *found[0])}; "
        "leave one recording of each out of the source and build the dataset again.",
    )


def near_copies(runs: Runs) -> Check:
    """Whether a run, or one with nearly the same speed and heart rate, lies in two splits, whoever's it is."""
    found, short = copies.find(runs.grids, runs.split)
    name, left = (
        "near copies",
        f" ({short:,} shorter than {copies.EXCERPT * STEP / 60:.0f} minutes were not looked at)" if short else "",
    )
    if not found:
        return Check(name, True, f"no run of one split is nearly the same as one of another split{left}.")
    worst = max(found, key=lambda each: min(each.speed, each.correlation))
    return Check(
        name,
        False,
        f"{len(found):,} pairs of runs in two splits are nearly the same{left}, such as {_two(runs, worst.run, worst.other)}, "
        f"whose speeds correlate with {worst.speed:.3f} and {worst.by}s with {worst.correlation:.3f}; leave one of each pair "
        "out of the source and build the dataset again.",
    )


def people(runs: Runs, data: str) -> Check:
    """Whether people and days are split as the name of the dataset says."""
    config = data.partition("/")[2] or "by_time"
    users, number = runs.users, np.array([("train", "validation", "test").index(each) for each in runs.split])
    test, name = runs.split == "test", f"split {config}"
    again = "split it by `splits.rule`, which does that right, and train again."
    if config == "by_user" or config.startswith("without_"):
        side = number if config == "by_user" else number == 2
        both = [int(user) for user in np.unique(users) if len(np.unique(side[users == user])) > 1]
        if both:
            runs_there = int((np.isin(users, both) & test).sum())
            return Check(
                name,
                False,
                f"{len(both):,} people have runs on both sides of the split (such as person {both[0]}; {runs_there:,} of "
                f"their runs are tested on), so they are not new to the model; {again}",
            )
        return Check(name, True, f"none of the {len(np.unique(users[test])):,} people tested on has a run in another split.")
    early = 0
    for user in [None] if config.startswith("until_") else np.unique(users):
        mine = slice(None) if user is None else users == user
        for later in (2,) if user is None else (1, 2):
            before = runs.starts[mine][number[mine] < later]
            early += int((runs.starts[mine][number[mine] == later] < before.max(initial=-np.inf)).sum())
    whose = "any run" if config.startswith("until_") else "a run of the same person"
    if early:
        return Check(name, False, f"{early:,} runs began before {whose} that is trained on or chosen by; {again}")
    return Check(name, True, f"no test run began before {whose} that is trained on or chosen by.")


def histories(runs: Runs, known: Knows, random: np.random.Generator) -> Iterator[Check]:
    """Whether what is known before a run changes with heart rate that was measured in it or after it."""
    population, ends = runs.population(), runs.starts + lengths(runs)
    moved: dict[str, list[float]] = {"its own": [], "later": []}
    chosen = pick(runs, np.flatnonzero(runs.split == "test"), HISTORIES, random)
    for run in chosen:
        rows = _around(runs, run)
        few, place = part(runs, rows), int(np.flatnonzero(rows == run)[0])
        before = known(few, population)[place]
        later = [int(i) for i in np.flatnonzero(ends[rows] > runs.starts[run]) if i != place]
        for kind, hidden in (("its own", [place]), ("later", later)):
            other = scrambled(few, dict.fromkeys(hidden, EVERYTHING), random)
            moved[kind].append(_apart(before, known(other, population)[place]))
    for kind, changes in moved.items():
        name, many = f"history and {kind} heart rate", sum(each > 1e-6 for each in changes)
        what = "the run's own heart rate" if kind == "its own" else "heart rate of runs that were not over"
        if not many:
            yield Check(name, True, f"what is known before a run does not depend on {what} ({len(changes)} runs).")
            continue
        yield Check(
            name,
            False,
            f"what is known before a run changes with {what} in {many} of {len(changes)} runs, by up to {max(changes):.3g}; "
            "only runs that were over before it began may enter: correct what computes it (`athlete.follow`).",
        )


def channels(runs: Runs, known: Knows, random: np.random.Generator) -> Iterator[Check]:
    """Whether an input is, or nearly is, computed from the run's own heart rate."""
    few, rows = alone(runs, pick(runs, np.arange(len(runs.grids)), CHANNELS, random), 4)
    facts, population = known(few, runs.population()), runs.population()
    measured, tables, owns, names = 0, [], [], ("speed", "altitude", *EXPECTED)
    for row in rows:
        grid = few.grids[row]
        if np.isfinite(grid.heart_rate).sum() < 2 * FEWEST:
            continue
        measured += 1
        tables.append(relations(np.column_stack([grid.speed, grid.altitude, facts[row].expected]), grid.heart_rate))
        owns.append((np.nanmean(grid.heart_rate), np.nanmax(grid.heart_rate), np.nanmin(grid.heart_rate), row))
    del population
    if not measured:
        yield Check("inputs of each step", None, "no run has enough measured heart rate to compare inputs with.")
        return
    table = np.stack(tables)  # runs, channels, lags, 2
    told = np.isfinite(table).sum(axis=0) >= min(3, measured)
    middle = np.where(told, np.nanmedian(np.where(told, table, 0), axis=0), 0)
    bad = []
    for index, name in enumerate(names):
        lag, kind = np.unravel_index(middle[index].argmax(), middle[index].shape)
        if middle[index, lag, kind] > TOO_LIKE:
            bad.append(_relation(name, LAGS[lag], kind, middle[index, lag, kind]))
    highest = np.unravel_index(middle.argmax(), middle.shape)
    yield _inputs(
        "inputs of each step",
        bad,
        f"none of {len(names)} inputs is heart rate, a class of it or heart rate of some steps before; the nearest is "
        f"{names[highest[0]]} with {middle[highest]:.2f} in the middle one of {measured} runs (1 is a copy).",
    )
    yield _constants(few, facts, owns)


def relations(values: np.ndarray, heart_rate: np.ndarray) -> np.ndarray:
    """How near each column is to being computed from heart rate so many steps before.

    Args:
        values: shape `(steps, columns)`.
        heart_rate: beats/min, shape `(steps,)`; NaN where it was not measured.

    Returns:
        Shape `(columns, len(LAGS), 2)`: the rank correlation without its sign, for what rises or falls with heart rate;
        and the share of variance that heart rate in whole beats/min explains, freed of chance, for classes of it.
        NaN for what does not change.
    """
    found = np.full((values.shape[1], len(LAGS), 2), np.nan)
    changing = np.flatnonzero(np.ptp(values, axis=0) > 1e-6)
    measured = np.isfinite(heart_rate)
    beats = np.where(measured, heart_rate, 0).round().astype(int)
    ranked = np.column_stack([_ranks(values[:, column]) for column in changing]) if len(changing) else None
    own = np.full(len(heart_rate), np.nan)
    own[measured] = _ranks(heart_rate[measured])
    for place, lag in enumerate(LAGS):
        source, target = (slice(0, -lag or None), slice(lag, None)) if lag >= 0 else (slice(-lag, None), slice(0, lag))
        those = measured[source]
        if ranked is None or those.sum() < FEWEST:
            continue
        one, many = own[source][those], ranked[target][those]
        one, many = one - one.mean(), many - many.mean(axis=0)
        spread = np.sqrt((one**2).sum() * (many**2).sum(axis=0))
        found[changing, place, 0] = np.where(spread > 0, np.abs(one @ many) / np.maximum(spread, 1e-9), 0)
        _, bins, counts = np.unique(beats[source][those], return_inverse=True, return_counts=True)
        free = len(bins) - len(counts)
        if free < FEWEST // 2:
            continue
        for column in changing:
            each = values[target, column][those].astype(np.float64)
            each = each - each.mean()
            total = (each**2).sum() / (len(each) - 1)
            rest = ((each - (np.bincount(bins, each) / counts)[bins]) ** 2).sum() / free
            found[column, place, 1] = 1 - rest / total if total > 1e-12 else 0
    return found


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _relation(name: str, lag: int, kind: int, value: float) -> str:
    when = f" {lag * STEP:.0f} s before" if lag > 0 else f" {-lag * STEP:.0f} s later" if lag else ""
    return f"{name} is nearly {('a function', 'a class')[kind]} of the run's own heart rate{when} ({value:.3f})"


def _inputs(name: str, bad: list[str], good: str) -> Check:
    if not bad:
        return Check(name, True, good)
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    return Check(name, False, "; ".join(bad[:3]) + more + "; take it out of the inputs, or measure it apart from heart rate.")


def _constants(few: Runs, facts: list[Known], owns: list[tuple]) -> Check:
    """Whether what is one number a run goes with the run's own mean, highest or lowest heart rate."""
    names, bad, most = (*COURSE_FACTS, *COLUMNS), [], 0.0
    values = np.array([[*facts[row].course, *facts[row].history] for *_, row in owns])
    own = np.array([each[:3] for each in owns])
    for index, name in enumerate(names):
        there = np.isfinite(values[:, index])
        if there.sum() < FEWEST:
            continue
        for column, of in enumerate(("mean", "highest", "lowest")):
            value = _agreement(values[there, index], own[there, column])
            most = max(most, value)
            if value > TOO_LIKE:
                bad.append(f"{name} rises or falls with the run's own {of} heart rate ({value:.3f})")
    return _inputs(
        "inputs of each run",
        bad,
        f"none of {len(names)} inputs goes with the run's own mean, highest or lowest heart rate; the highest agreement "
        f"is {most:.2f} over {len(owns)} runs (1 is a copy).",
    )


def _agreement(one: np.ndarray, two: np.ndarray) -> float:
    """Goodman and Kruskal's gamma without its sign, which is 1 for classes too; 0 if most pairs are tied."""
    signs = np.sign(np.subtract.outer(one, one)) * np.sign(np.subtract.outer(two, two))
    untied = np.abs(signs).sum()
    return float(abs(signs.sum()) / untied) if untied > 0.2 * signs.size else 0.0


def lengths(runs: Runs) -> np.ndarray:
    """s, shape `(runs,)`."""
    return np.array([len(each.speed) * STEP for each in runs.grids])


def pick(runs: Runs, rows: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Some of the rows at random, in order; of runs with measured heart rate if there are any."""
    heard = [row for row in rows if np.isfinite(runs.grids[row].heart_rate).any()]
    rows = np.array(heard) if heard else rows
    return np.sort(random.choice(rows, min(count, len(rows)), replace=False))


def part(runs: Runs, rows: np.ndarray, users: np.ndarray | None = None, split: np.ndarray | None = None) -> Runs:
    """Some of the runs, if you like as runs of others or of other splits."""
    return Runs(
        runs.users[rows] if users is None else users,
        runs.starts[rows],
        [runs.grids[row] for row in rows],
        runs.split[rows] if split is None else split,
        [runs.efforts[row] for row in rows],
    )


def alone(runs: Runs, chosen: np.ndarray, before: int) -> tuple[Runs, np.ndarray]:
    """Each chosen run as the only one of a person of its own, behind the person's last runs.

    Returns:
        The runs, the chosen ones as test split, the others as training split, and the rows of the chosen ones.
    """
    rows: list[int] = []
    users: list[int] = []
    for number, run in enumerate(chosen):
        mine = np.flatnonzero(runs.users == runs.users[run])
        mine = mine[np.argsort(runs.starts[mine], kind="stable")]
        place = int(np.flatnonzero(mine == run)[0])
        rows += [*mine[max(0, place - before) : place], run]
        users += [number] * (len(rows) - len(users))
    order = np.argsort(runs.starts[rows], kind="stable")
    last = np.append(np.diff(users) > 0, True)
    split = np.where(last, "test", "train")[order]
    return part(runs, np.array(rows)[order], np.array(users)[order], split), np.flatnonzero(split == "test")


def scrambled(runs: Runs, hidden: dict[int, slice | np.ndarray], random: np.random.Generator) -> Runs:
    """The same runs with other heart rate in some steps of some runs: any number, or none."""
    grids = list(runs.grids)
    for row, steps in hidden.items():
        heart_rate = grids[row].heart_rate.copy()
        other = np.where(random.random(len(heart_rate)) < 0.2, np.nan, random.uniform(60, 200, len(heart_rate)))
        heart_rate[steps] = other[steps]
        grids[row] = grids[row]._replace(heart_rate=heart_rate)
    return Runs(runs.users, runs.starts, grids, runs.split, runs.efforts)


def _around(runs: Runs, run: int) -> np.ndarray:
    """Rows of a run, of the person's runs around it, of those that overlap it, and of others' at the time."""
    order = np.argsort(runs.starts, kind="stable")
    mine, others = order[runs.users[order] == runs.users[run]], order[runs.users[order] != runs.users[run]]
    place = int(np.flatnonzero(mine == run)[0])
    time = int(np.searchsorted(runs.starts[others], runs.starts[run]))
    near = [*mine[max(0, place - BEFORE) : place + AFTER + 1], *others[max(0, time - OTHERS) : time + OTHERS]]
    return np.array(sorted(near, key=lambda row: (runs.starts[row], row)))


def _apart(one: Known, two: Known) -> float:
    most = 0.0
    for name in ("expected", "course", "course_share", "history"):
        before, after = getattr(one, name), getattr(two, name)
        if (np.isfinite(before) != np.isfinite(after)).any():
            return np.inf
        most = max(most, float(np.nanmax(np.abs(after - before), initial=0.0)))
    return most


def _two(runs: Runs, one: int, two: int) -> str:
    dates = {run: f"{datetime.fromtimestamp(runs.starts[run], UTC):%Y-%m-%d %H:%M} UTC" for run in (one, two)}
    return " and ".join(f"that of person {runs.users[run]} of {dates[run]} ({runs.split[run]})" for run in (one, two))
