import numpy as np

from hrkeras.workouts import history
from hrkeras.workouts.grid import Grid

DAY = 86_400.0


def column(values, name):
    return values[..., history.COLUMNS.index(name)]


def test_summary_by_hand():
    run = Grid(np.float32([2, 4]), np.float32([10, 15]), np.float32([100, np.nan]))
    np.testing.assert_allclose(history.summarise(run, 10.0), [100, 3, 0.5, 0, 20])
    nothing = Grid(np.float32([2]), np.float32([10]), np.float32([np.nan]))
    np.testing.assert_array_equal(history.summarise(nothing, 10.0), [np.nan, 2, 0, np.nan, 10])


def test_a_first_run_knows_nothing():
    (row,) = history.table(np.zeros(1), np.array([1.6e9]), np.ones((1, 5)))
    assert np.isnan(row[:-1]).all()
    assert row[-1] == 0


def test_means_over_earlier_runs_by_hand():
    summaries = np.ones((4, 5))
    summaries[:, 0] = [100, 110, 120, 999]
    rows = history.table(np.zeros(4), DAY * np.array([0.0, 1, 3, 7]), summaries)
    np.testing.assert_allclose(column(rows, "mean_heart_rate_last_1")[1:], [100, 110, 120])
    np.testing.assert_allclose(column(rows, "mean_heart_rate_last_5")[1:], [100, 105, 110])
    np.testing.assert_allclose(column(rows, "log_days_since_last_run")[1:], np.log1p([1, 2, 4]), rtol=1e-6)
    np.testing.assert_allclose(column(rows, "log_runs_before"), np.log1p([0, 1, 2, 3]), rtol=1e-6)


def test_only_the_same_persons_earlier_runs_count():
    random = np.random.default_rng(0)
    users, starts, summaries = random.integers(0, 3, 50), random.permutation(50) * DAY, random.uniform(1, 9, (50, 5))
    rows = history.table(users, starts, summaries)
    for run in range(50):
        later_or_others = (starts >= starts[run]) | (users != users[run])
        changed = np.where(later_or_others[:, None], 1e3, summaries)
        np.testing.assert_array_equal(history.table(users, starts, changed)[run], rows[run])


def test_runs_at_the_same_time_do_not_know_each_other():
    rows = history.table(np.zeros(2), np.zeros(2), np.ones((2, 5)))
    assert np.isnan(rows[:, 0]).all()


def test_an_unmeasured_heart_rate_leaves_the_mean_of_the_others():
    summaries = np.array([[100.0, 1, 1, 5, 1], [np.nan, 1, 1, np.nan, 1], [0, 0, 0, 0, 1]])
    rows = history.table(np.zeros(3), DAY * np.arange(3), summaries)
    assert column(rows, "mean_heart_rate_last_5")[2] == 100
    assert np.isnan(column(rows, "mean_heart_rate_last_1")[2])
    assert column(rows, "mean_speed_last_1")[2] == 1


def test_a_second_recording_of_a_run_is_no_history_of_it():
    summaries = np.ones((3, 5))
    summaries[:, 4] = [3600, 3000, 600]
    rows = history.table(np.zeros(3), np.array([0.0, 30, 7200]), summaries)
    assert column(rows, "log_runs_before").tolist() == [0, 0, np.log1p(np.float32(2))]
