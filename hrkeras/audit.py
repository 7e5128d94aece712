"""The gate: whether a model, or the data it is scored on, sees what its protocol says is not known."""

from collections.abc import Iterator

import keras
import numpy as np

from hrkeras import evaluation
from hrkeras.audit_data import Check, alone, pick, scrambled
from hrkeras.layers import ExpectedFeatures, RunFeatures
from hrkeras.protocols import PROTOCOLS, Case, Protocol
from hrkeras.scores import Counted
from hrkeras.training import run_moments
from hrkeras.windows import Runs, Windows
from hrkeras.workouts import grid
from hrkeras.workouts.effort import basis
from hrkeras.workouts.population import Population

SAMPLED, BEFORE = 24, 6  # test runs that are looked at, and earlier runs of each
SHORTEST = 40  # steps of a run that is looked at
STILL = 1e-2  # beats/min that a prediction may move, by rounding
ALIKE = 2e-4  # relative, how near statistics of one split come to themselves
TESTED = "test"


def checks(
    model: keras.Model, runs: Runs, data: str, population: Population, wanted: str | None = None, seed: int = 0
) -> Iterator[Check]:
    """Looks for leaks in a model.

    Args:
        model: to look at.
        runs: all splits of the data it is scored on.
        data: their name.
        population: where the athletes' states start for this model.
        wanted: the protocol that it is scored under; all if not given.
        seed: of what chance decides.
    """
    random = np.random.default_rng(seed)
    long = np.array([row for row in np.flatnonzero(runs.split == TESTED) if len(runs.grids[row].speed) >= SHORTEST])
    if len(long):
        some, rows = alone(runs, pick(runs, long, SAMPLED, random), BEFORE)
        for protocol in (
            [PROTOCOLS[wanted]] if wanted else [PROTOCOLS[name] for name in ("profile", "live", "forecast", "imputation")]
        ):
            for case in protocol.cases:
                yield hidden_heart_rate(model, some, rows, population, protocol, case, random)
        if wanted in (None, "live"):
            yield future(model, some, rows, population, must=wanted == "live", random=random)
        yield padding(model, some, population, random)
    yield statistics(model, runs, data, wanted)


def _windows(runs: Runs, population: Population) -> Windows:
    return runs.windows(runs.known(population), TESTED, evaluation.WHOLE)


def hidden_heart_rate(
    model: keras.Model, runs: Runs, rows: np.ndarray, population: Population, protocol: Protocol, case: Case, random
) -> Check:
    """Whether a prediction moves with heart rate that the protocol hides, on the whole way from runs to predictions."""
    windows = _windows(runs, population)
    found = list(windows.runs())
    steps = [len(run.grid.speed) for run in found]
    if case.delay:
        late = round(case.delay / grid.STEP)
        cuts = [late + (size - late) // 2 for size in steps]  # what a run shows up to here must not tell what comes after
        hidden = [np.arange(size) > cut - late for size, cut in zip(steps, cuts, strict=True)]
        looked_at = [np.arange(size) <= cut for size, cut in zip(steps, cuts, strict=True)]
    else:
        hidden = evaluation.by_run(~case.shown(windows), windows) if case.shown else [np.ones(size, bool) for size in steps]
        looked_at = [np.ones(size, bool) for size in steps]
    before = evaluation.predict(model, windows, **case.known(windows))
    # windows number the runs by their rows
    other = _windows(scrambled(runs, {run.number: those for run, those in zip(found, hidden, strict=True)}, random), population)
    after = evaluation.predict(model, other, **case.known(other))
    moved = _most(before, after, looked_at)
    name = f"hidden heart rate, {protocol.name}: {case.name}"
    if moved <= STILL:
        return Check(name, True, f"no prediction of {len(rows)} runs moves with it (at most {moved:.1g} beats/min).")
    return Check(
        name,
        False,
        f"predictions move by up to {moved:.1f} beats/min with heart rate that is to be predicted; the model, or what "
        "prepares its inputs, sees it: such a score means nothing. Train a model with `hrkeras train`.",
    )


def future(model: keras.Model, runs: Runs, rows: np.ndarray, population: Population, *, must: bool, random) -> Check:
    """Whether predictions of the past move with the speed and altitude of what is still to come."""
    windows = _windows(runs, population)
    found = list(windows.runs())
    cuts = {run.number: len(run.grid.speed) // 2 for run in found}
    grids, efforts = list(runs.grids), list(runs.efforts)
    for row, cut in cuts.items():
        speed, altitude = grids[row].speed.copy(), grids[row].altitude.copy()
        speed[cut:] = random.uniform(0, 5, len(speed) - cut)
        altitude[cut:] += random.normal(0, 3, len(speed) - cut).cumsum()
        grids[row] = grids[row]._replace(speed=speed, altitude=altitude)
        efforts[row] = basis(grids[row])
    changed = _windows(Runs(runs.users, runs.starts, grids, runs.split, efforts), population)
    before, after = (evaluation.predict(model, each, course=False) for each in (windows, changed))
    moved = _most(before, after, [np.arange(len(run.grid.speed)) < cuts[run.number] for run in found])
    name = "future of the run, live"
    if moved <= STILL:
        return Check(
            name, True, f"no prediction of {len(rows)} runs moves with what is still to come (at most {moved:.1g} beats/min)."
        )
    return Check(
        name,
        False if must else None,
        f"predictions move by up to {moved:.1f} beats/min with speed and altitude still to come: the model reads the whole run "
        "and cannot be used, or scored, live. Train one without --bidirectional.",
    )


def padding(model: keras.Model, runs: Runs, population: Population, random) -> Check:
    """Whether a prediction moves with what stands behind the end of its run."""
    windows = _windows(runs, population)
    extra, wider = 20, {}
    for name, values in windows.inputs().items():
        a_step = values.ndim > 1 and values.shape[1] == windows.valid.shape[1]
        wider[name] = np.pad(values, ((0, 0), (0, extra), *[(0, 0)] * (values.ndim - 2)), mode="edge") if a_step else values
    wider["valid"] = np.pad(windows.valid, ((0, 0), (0, extra)))
    padded = wider["valid"] == 0
    other = {name: values.copy() for name, values in wider.items()}
    for name in ("time", "speed", "altitude", "expected"):
        noise = random.uniform(0, 50, other[name].shape).astype(np.float32)
        other[name] = np.where(np.reshape(padded, (*padded.shape, *[1] * (noise.ndim - 2))), noise, other[name])
    one, two = (keras.ops.convert_to_numpy(model.predict_on_batch(each)) for each in (wider, other))
    moved = float(np.abs(one - two)[~padded].max())
    if moved <= STILL:
        return Check("padding", True, f"no prediction moves with what stands in padded steps (at most {moved:.1g} beats/min).")
    return Check(
        "padding",
        False,
        f"predictions move by up to {moved:.1f} beats/min with what stands in padded steps, which lie in no run; mask them "
        "in the model (its input `valid` says where they are).",
    )


def statistics(model: keras.Model, runs: Runs, data: str, wanted: str | None = None) -> Check:
    """Whether what a model normalises by comes from the training split of the data it is scored on."""
    name = "statistics"
    kept = _kept(model)
    if kept is None:
        return Check(name, None, "the model keeps no statistics that hrkeras knows of.")
    if _near(kept, _moments(runs, ("train",))):
        return Check(name, True, f"what the model normalises by is that of the training split of {data}.")
    for splits in (("train", "validation"), ("train", "validation", "test"), ("train", "test"), ("test",)):
        if _near(kept, _moments(runs, splits)):
            return Check(
                name,
                False,
                f"what the model normalises by was taken from the {' and '.join(splits)} splits of {data}; it must come from the "
                "training split alone. Train the model again with `hrkeras train`.",
            )
    other = f"what the model normalises by is not that of the training split of {data}: it was trained on other runs"
    if wanted in ("by_user", "later") or data.partition("/")[2] not in ("", "by_time"):
        return Check(name, False, f"{other}, maybe on those that are tested. Train it with `hrkeras train --data {data}`.")
    return Check(name, None, f"{other}; whether these are among them cannot be told from here.")


def _kept(model: keras.Model) -> np.ndarray | None:
    """Mean and variance of the features of a run, and the centre and scale of the population if it keeps one."""
    for layer in model.layers:
        if layer.name == "run_normalization" and len(np.ravel(layer.input_mean)) == len(RunFeatures.FEATURES):
            parts = [np.ravel(layer.input_mean), np.ravel(layer.input_variance)]
            break
    else:
        return None
    for layer in model.layers:
        if isinstance(layer, ExpectedFeatures) and layer.population:
            parts += [np.array(layer.population["centre"]), np.array(layer.population["scale"])]
    return np.concatenate(parts).astype(np.float64)


def _moments(runs: Runs, splits: tuple[str, ...]) -> np.ndarray:
    chosen = np.flatnonzero(np.isin(runs.split, splits))
    rows = [part for row in chosen for part in grid.windows(runs.grids[row], grid.STEP)]
    time, speed, altitude, valid = (np.stack([row[name] for row in rows]) for name in ("time", "speed", "altitude", "valid"))
    mean, variance = run_moments(time, speed, altitude, valid)
    there = Runs(runs.users, runs.starts, runs.grids, np.where(np.isin(runs.split, splits), "train", ""), runs.efforts)
    population = there.population()
    return np.concatenate([mean, variance, population.centre, population.scale])


def _near(kept: np.ndarray, found: np.ndarray) -> bool:
    return bool(np.allclose(kept, found[: len(kept)], rtol=ALIKE, atol=1e-6))


def _most(before: list[np.ndarray], after: list[np.ndarray], where: Counted) -> float:
    return max(float(np.abs(one - two)[those].max(initial=0.0)) for one, two, those in zip(before, after, where, strict=True))
