"""What perturbed runs keep of those they come from."""

import numpy as np
import pytest
from made_up import made_up

from hrkeras.athlete.kalman import AthleteState
from hrkeras.datasets import augmentation
from hrkeras.datasets.followed import FollowedRuns
from hrkeras.training.batches import Batches
from hrkeras.workouts import effort
from hrkeras.workouts.grid import STEP, Grid


@pytest.fixture(scope="module")
def runs():
    return made_up(people=2, runs=8, steps=(80, 130), seed=1)


@pytest.fixture
def grid(runs):
    return runs.grids[0]


def test_more_time_over_the_same_way(grid):
    """1.25 times as long: a fifth less speed, the same distance, and what was at a place stays there."""
    grid = grid._replace(heart_rate=np.where(np.isnan(grid.heart_rate), np.float32(120), grid.heart_rate))
    found = augmentation.resampled(grid, 1.25, 0.0)
    assert len(found.speed) == int(1.25 * len(grid.speed))
    assert found.speed.sum() == pytest.approx(grid.speed.sum(), rel=0.02)
    assert found.speed.mean() == pytest.approx(grid.speed.mean() / 1.25, rel=0.02)
    for before, after in ((grid.altitude, found.altitude), (grid.heart_rate, found.heart_rate)):
        middle = (np.arange(len(after)) + 0.5) / 1.25 - 0.5
        np.testing.assert_allclose(after, np.interp(middle, np.arange(len(before)), before), rtol=1e-5)
        assert before.min() <= after.min() <= after.max() <= before.max()


def test_a_grid_that_begins_later(grid):
    found = augmentation.resampled(grid, 1.0, 0.5)
    assert len(found.speed) == len(grid.speed) - 1
    np.testing.assert_allclose(found.speed, (grid.speed[1:] + grid.speed[:-1]) / 2, rtol=1e-5)
    np.testing.assert_allclose(found.heart_rate, (grid.heart_rate[1:] + grid.heart_rate[:-1]) / 2, rtol=1e-5)
    same = augmentation.resampled(grid, 1.0, 0.0)
    np.testing.assert_allclose(same.speed, grid.speed, rtol=1e-5)
    np.testing.assert_array_equal(np.isnan(same.heart_rate), np.isnan(grid.heart_rate))


def test_gps_noise_moves_the_runner_by_metres(grid):
    standing = grid._replace(speed=np.where(np.arange(len(grid.speed)) < 20, 0, np.maximum(grid.speed, 2)).astype("float32"))
    found = augmentation.with_gps_noise(standing, 1.0, np.random.default_rng(0))
    difference = (found.speed - standing.speed).astype(np.float64)
    assert (found.speed[:20] == 0).all()
    assert 0.02 < difference.std() < 0.5  # m/s
    assert np.abs(STEP * difference.cumsum()).max() < 5 * 3  # m, wherever it is
    assert found[1:] == standing[1:]


def test_altitude_drifts_slowly(grid):
    long = grid._replace(altitude=np.zeros(2000, np.float32))
    drift = augmentation.with_altitude_drift(long, 1.0, np.random.default_rng(0)).altitude
    assert 1 < drift.std() < 6  # m
    assert np.abs(np.diff(drift)).max() < 0.02 * STEP  # a slope of 0.7 % at 3 m/s
    assert np.abs(effort.vertical_speed(drift)).mean() < 0.01  # m/s


def test_heart_rate_is_dropped_and_never_changed(runs):
    random, dropped = np.random.default_rng(0), 0
    for grid in runs.grids:
        found = augmentation.with_dropouts(grid, 2.0, random)
        kept = np.isfinite(found.heart_rate)
        np.testing.assert_array_equal(found.heart_rate[kept], grid.heart_rate[kept])
        assert found[:2] == grid[:2]
        dropped += int(np.isfinite(grid.heart_rate).sum() - kept.sum())
    assert 0.02 < dropped / sum(len(grid.speed) for grid in runs.grids) < 0.5


def test_half_of_the_training_runs_and_no_other(runs):
    trained = runs.split == "train"
    found = augmentation.perturbed(runs.grids, trained, 1.0, np.random.default_rng(3))
    changed = np.array([one is not two for one, two in zip(found, runs.grids, strict=True)])
    assert not changed[~trained].any()
    assert 0 < changed[trained].mean() < 1
    for row in np.flatnonzero(changed):
        known = np.isfinite(found[row].heart_rate)
        low, high = np.nanmin(runs.grids[row].heart_rate), np.nanmax(runs.grids[row].heart_rate)
        assert ((found[row].heart_rate[known] >= low) & (found[row].heart_rate[known] <= high)).all()
    nothing = augmentation.perturbed(runs.grids, trained, 0.0, np.random.default_rng(3))
    assert all(one is two for one, two in zip(nothing, runs.grids, strict=True))


def inputs(batches: Batches, epochs: int = 1) -> list[dict[str, np.ndarray]]:
    """The inputs of so many epochs."""
    found = []
    for _ in range(epochs):
        found += [given for given, _ in batches]
        batches.epoch += 1
    return found


def everything(batches: Batches, skipped: int = 0) -> list[np.ndarray]:
    """Arrays of the epoch after those that are skipped."""
    given = inputs(batches, skipped + 1)[skipped * len(batches) :]
    return [each[name] for each in given for name in ("speed", "altitude", "expected", "history")]


def test_an_epoch_depends_on_seed_and_number_alone(runs):
    followed = FollowedRuns(runs, runs.population())
    windows = runs.windows(runs.known(runs.population()), "train")

    def batches(seed, epoch, augment=1.0):
        return Batches(followed, "train", 4, seed=seed, epoch=epoch, augment=augment)

    first = everything(batches(0, 2))
    for one, two in zip(first, everything(batches(0, 1), 1), strict=True):
        np.testing.assert_array_equal(one, two)
    for other in (batches(0, 3), batches(1, 2), batches(0, 2, augment=0.5), batches(0, 2, augment=0.0)):
        assert any(one.shape != two.shape or (one != two).any() for one, two in zip(first, everything(other), strict=True))
    plain = Batches(followed, "train", 4)  # as validation is
    speed = inputs(plain)[0]["speed"]
    np.testing.assert_array_equal(speed, windows.speed[np.arange(4)][:, : speed.shape[1]])


def test_what_is_expected_belongs_to_what_is_seen(runs):
    """Of a person's first run the state expects what it expects of the very speed and altitude that a batch holds."""
    population = runs.population()
    windows, followed = runs.windows(runs.known(population), "train"), FollowedRuns(runs, population)
    perturbed = 0
    for epoch in range(4):
        batches = Batches(followed, "train", 64, seed=0, epoch=epoch, augment=1.0)
        for given in inputs(batches):
            for row in np.flatnonzero(given["history"][:, -1] == 0):
                (first,) = np.flatnonzero((windows.history[:, :6] == given["history"][row, :6]).all(axis=1))
                steps = int(given["valid"][row].sum())
                seen = Grid(given["speed"][row, :steps], given["altitude"][row, :steps], np.full(steps, np.float32(np.nan)))
                perturbed += not np.array_equal(seen.speed, windows.speed[first, :steps])
                if np.isfinite(given["course"][row]).all() and len(seen.speed) < given["speed"].shape[1]:
                    expected = AthleteState(population).predict(windows.start[first], seen).expected
                    np.testing.assert_allclose(given["expected"][row, :steps], expected, rtol=1e-4, atol=1e-3)
    assert perturbed


def test_windows_of_long_runs_slide_inside_them():
    before, lengths, found = np.array([0, 300, 600]), np.full(3, 500), []
    for seed in range(20):
        found.append(augmentation.slid(before, lengths, 1100, np.random.default_rng(seed)))
        assert (np.diff(found[-1]) >= 0).all()
        assert found[-1].min() >= 0
        assert found[-1].max() <= 600
    assert np.ptp(found, axis=0)[1] > 200
    runs = made_up(people=1, runs=4, steps=(1100, 1101), seed=2)
    batches, seen = Batches(FollowedRuns(runs, runs.population()), "train", 4, seed=0, augment=0.01), set()
    for given in inputs(batches, 4):
        seen |= set(given["time"][:, 0].tolist())
        assert (given["valid"] == 1).all()
    assert len(seen) > 6
