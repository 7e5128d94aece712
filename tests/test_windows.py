"""Windows in memory: put together from runs, taken apart, put back."""

import numpy as np
import pytest

from hrkeras import windows
from hrkeras.workouts import history
from hrkeras.workouts.grid import OVERLAP, WINDOW, Grid
from hrkeras.workouts.workout import InputError

LENGTHS = [3, WINDOW, WINDOW + 1, 1234]


def made_up(steps, seed=0) -> Grid:
    random = np.random.default_rng(seed)
    heart_rate = random.uniform(100, 180, steps)
    heart_rate[::7] = np.nan
    return Grid(*(np.float32(each) for each in (random.uniform(1, 4, steps), random.normal(100, 5, steps), heart_rate)))


@pytest.fixture(scope="module")
def grids():
    return [made_up(steps, seed) for seed, steps in enumerate(LENGTHS)]


@pytest.fixture(scope="module")
def found(grids):
    known = np.arange(len(LENGTHS) * len(history.COLUMNS), dtype="float32").reshape(len(LENGTHS), -1)
    return windows.of_runs(grids, known, np.array([1e9, 2e9, 3e9, 4e9]))


def test_runs_come_back_from_their_windows_in_any_order(grids, found):
    shuffled = found[np.random.default_rng(0).permutation(len(found))]
    for number, (run, whole) in enumerate(zip(shuffled.runs(), grids, strict=True)):
        assert (run.number, run.start) == (number, (1 + number) * 1e9)
        assert (shuffled.run[run.rows] == number).all()
        assert (np.diff(shuffled.first_step[run.rows]) > 0).all()
        for one, other in zip(run.grid, whole, strict=True):
            np.testing.assert_array_equal(one, other)


def test_windows_of_a_run_share_steps_and_what_is_known(found):
    long = found[found.run == 3]
    assert len(long) == 3
    assert (np.diff(long.first_step) <= WINDOW - OVERLAP).all()
    assert (long.valid == 1).all()
    assert (long.time[:, 0] == 10 * long.first_step).all()
    assert (long.history == long.history[0]).all()


def test_inputs_hold_no_heart_rate_and_are_cut(found):
    given = found.inputs(7)
    assert set(given) == {"time", "speed", "altitude", "valid", "run_seconds", "history"}
    assert given["speed"].shape == (len(found), 7)
    assert given["history"].shape == (len(found), len(history.COLUMNS))
    assert given["valid"].dtype == np.float32
    assert given["valid"][0].tolist() == [1, 1, 1, 0, 0, 0, 0]


def test_a_window_has_no_heart_rate_in_padding_or_where_unmeasured(grids, found):
    assert np.isnan(found.heart_rate[0][3:]).all()
    assert np.isnan(found.heart_rate[1]).sum() == np.isnan(grids[1].heart_rate).sum() > 0


def test_a_damaged_dataset_says_so(tmp_path):
    from hrkeras import building

    builder = building.build("synthetic", None, "by_time", tmp_path, athletes=1, runs=10)
    (path,) = builder.data_path.glob("*-test.tfrecord*")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"synthetic at .* is damaged .*; build it again"):
        windows.load("synthetic", "test", tmp_path)
    assert len(windows.load("synthetic", "validation", tmp_path))
