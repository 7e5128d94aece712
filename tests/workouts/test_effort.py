import numpy as np
import pytest

from hrkeras.workouts import effort
from hrkeras.workouts.grid import Grid


def test_cost_of_running_on_known_grades():
    assert effort.cost_of_running(np.array(0.0)) == pytest.approx(3.6)
    # 155.4e-5 - 30.4e-4 - 43.3e-3 + 46.3e-2 + 1.95 + 3.6
    assert effort.cost_of_running(np.array(0.1)) == pytest.approx(5.968214, abs=1e-6)


def test_graded_speed():
    climbing = np.arange(20) * 3.0  # 0.3 m/s at 3 m/s: 10 %
    found = effort.graded_speed(np.full(20, 3.0), climbing)
    assert found[-1] == pytest.approx(3 * 5.968214 / 3.6)
    np.testing.assert_allclose(effort.graded_speed(np.full(20, 3.0), np.full(20, 80.0)), 3.0)
    assert effort.graded_speed(np.zeros(5), np.arange(5.0)).tolist() == [0] * 5


def test_exponential_averages_equal_the_recursion():
    values = np.random.default_rng(0).normal(size=700)
    found = effort.exponential_averages(values, (3, 180))
    for row, span in zip(found, (3, 180), strict=True):
        state, keep = 0.0, 1 - 2 / (span + 1)
        for step, value in enumerate(values):
            state = keep * state + (1 - keep) * value
            assert row[step] == pytest.approx(state)


def test_basis_is_causal_and_named():
    random = np.random.default_rng(0)
    speed, altitude = random.uniform(1, 4, 600).astype("f"), random.normal(size=600).cumsum().astype("f")
    whole = effort.basis(Grid(speed, altitude, speed))
    part = effort.basis(Grid(speed[:300], altitude[:300], speed[:300]))
    assert whole.shape == (600, len(effort.BASIS))
    np.testing.assert_allclose(whole[:300], part)


def columns(speed, altitude, heart_rate=150.0):
    """The basis of a run, each column by its name."""
    grid = Grid(*(np.broadcast_to(np.float32(each), 400) for each in (speed, altitude, heart_rate)))
    return dict(zip(effort.BASIS, effort.basis(grid).T, strict=True))


def test_basis_of_a_steady_run_by_hand():
    found, step = columns(3.5, 60), 359  # after an hour
    for name in ("graded_speed_over_3", "speed_over_12", "mean_graded_speed", "highest_graded_speed"):
        assert found[name][step] == pytest.approx(3.5, rel=1e-4)
    assert found["walking_over_12"][step] == pytest.approx(2, rel=1e-4)
    assert found["hours"][step] == pytest.approx(3590 / 3600)
    assert found["log_minutes"][step] == pytest.approx(np.log1p(3590 / 60))
    assert found["decay_600_s"][6] == pytest.approx(np.exp(-0.1))
    assert found["effort_by_hours"][step] == pytest.approx(found["graded_speed_over_30"][step] * 3590 / 3600, rel=1e-5)
    assert found["speed_by_hours"][6] == pytest.approx(found["speed_over_12"][6] * 60 / 3600, rel=1e-5)
    assert found["effort_by_decay_200_s"][6] == pytest.approx(found["graded_speed_over_30"][6] * np.exp(-0.3), rel=1e-5)
    assert found["effort_squared"][step] == pytest.approx(3.5**2, rel=1e-3)
    assert found["above_3_m_s"][step] == pytest.approx(0.5, rel=1e-4)
    assert found["above_3_m_s_so_far"][step] == pytest.approx(0.5, rel=0.05)
    for name in ("climbed", "descended", "grade_over_12", "share_standing", "standing_over_3"):
        assert (found[name] == 0).all()
    assert found["speed_spread_over_30"][step] == pytest.approx(0, abs=1e-3)


def test_basis_tells_up_from_down_and_standing():
    up, down = (columns(2.5, sign * np.arange(400)) for sign in (1, -1))  # 1 m in 10 s
    assert up["climbed"][-1] == pytest.approx(398 * 1 / 500, rel=0.02)
    np.testing.assert_allclose(up["climbed"], down["descended"], rtol=1e-6)
    np.testing.assert_allclose(up["grade_over_12"], -down["grade_over_12"], rtol=1e-6)
    np.testing.assert_allclose(up["steepness_over_12"], down["steepness_over_12"], rtol=1e-6)
    assert (down["climbed"] == 0).all()
    assert up["graded_speed_over_12"][-1] > 2.5 > down["graded_speed_over_12"][-1]
    speed = np.where(np.arange(400) < 100, 0, 3)
    stood = columns(speed, 0)
    assert stood["standing_over_3"][[99, 399]] == pytest.approx([1, 0], abs=1e-6)
    assert stood["share_standing"][[99, 199, 399]] == pytest.approx([1, 0.5, 0.25])


def test_basis_does_not_look_at_heart_rate_and_copes_with_any_length():
    random = np.random.default_rng(1)
    for steps in (1, 2, 64, 65):
        speed, altitude = random.uniform(0, 4, steps).astype("f"), random.normal(0, 9, steps).astype("f")
        found = effort.basis(Grid(speed, altitude, np.full(steps, np.nan, "f")))
        assert found.shape == (steps, len(effort.BASIS))
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(found, effort.basis(Grid(speed, altitude, speed)))
