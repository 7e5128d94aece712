import numpy as np
import pytest

from hrkeras.workouts.splits import by_time, by_user
from hrkeras.workouts.workout import InputError


def test_by_time_takes_each_persons_last_runs():
    random = np.random.default_rng(1)
    users, starts = np.repeat([0, 1, 2, 3], [100, 20, 3, 2]), random.permutation(125).astype(float)
    found = by_time(users, starts)
    counts = [[int(((users == user) & (found == split)).sum()) for split in range(3)] for user in range(4)]
    assert counts == [[80, 10, 10], [16, 2, 2], [1, 1, 1], [2, 0, 0]]
    for user in range(4):
        in_order = found[users == user][np.argsort(starts[users == user])]
        assert (np.diff(in_order) >= 0).all()


def test_by_time_needs_three_runs_of_one_person():
    with pytest.raises(InputError, match="at least 3 runs"):
        by_time(np.array([0, 0, 1]), np.arange(3.0))


@pytest.mark.parametrize("people", [3, 8, 100])
def test_by_user_keeps_people_apart(people):
    users = np.repeat(np.arange(people), 5)
    found = by_user(users, np.zeros(len(users)))
    assert set(found) == {0, 1, 2}
    for user in range(people):
        assert len(set(found[users == user])) == 1
    assert sum(found == 2) == 5 * max(1, round(people / 10))


def test_by_user_needs_three_people():
    with pytest.raises(InputError, match="at least 3 people, found 2"):
        by_user(np.array([0, 1, 1]), np.zeros(3))
