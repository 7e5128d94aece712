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
