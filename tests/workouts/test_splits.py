from datetime import UTC, datetime

import numpy as np
import pytest

from hrkeras.utils.errors import InputError
from hrkeras.workouts import splits
from hrkeras.workouts.splits import by_time, by_user, rule, until, without


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


def runs(counts, seed=0):
    """Whose each run is and when, in no order; the number of runs of each person is given."""
    random = np.random.default_rng(seed)
    users = random.permutation(np.repeat(np.arange(len(counts)), counts))
    return users, random.permutation(len(users)) * 86_400.0


def test_without_tests_on_one_person_and_validates_on_the_last_runs_of_the_others():
    users, starts = runs([30, 12, 4, 2])
    found = without(1)(users, starts)
    assert (found[users == 1] == 2).all()
    counts = [[int((found[users == user] == split).sum()) for split in range(3)] for user in (0, 2, 3)]
    assert counts == [[27, 3, 0], [3, 1, 0], [2, 0, 0]]
    for user in (0, 2):
        mine, when = found[users == user], starts[users == user]
        assert when[mine == 0].max() < when[mine == 1].min()


def test_without_needs_the_person_and_others():
    users, starts = runs([3, 3])
    with pytest.raises(InputError, match="no person 2 beside others; the people are numbered from 0 to 1"):
        without(2)(users, starts)
    with pytest.raises(InputError, match="no person 0 beside others"):
        without(0)(np.zeros(3, int), starts[:3])


def test_until_tests_on_everything_from_the_date_on():
    users, _ = runs([40, 20])
    begin = datetime(2023, 1, 1, tzinfo=UTC).timestamp()
    starts = begin + 86_400 * (np.random.default_rng(1).permutation(60) - 30.0)
    found = until("2023-01-01")(users, starts)
    np.testing.assert_array_equal(found == 2, starts >= begin)
    assert (found[starts == begin] == 2).all()
    for user in (0, 1):
        before = (users == user) & (starts < begin)
        assert (found[before] == 1).sum() == round(before.sum() / 10)
        assert starts[before & (found == 0)].max() < starts[before & (found == 1)].min()


def test_until_validates_nothing_on_who_has_fewer_than_three_runs_before():
    begin = datetime(2023, 1, 1, tzinfo=UTC).timestamp()
    found = until("2023-01-01")(np.array([0, 0, 0, 1, 1, 1, 2]), begin + np.array([-3.0, -2, -1, -2, -1, 5, 9]))
    assert found.tolist() == [0, 0, 1, 0, 0, 2, 2]


def test_the_rule_stands_behind_the_slash():
    users, starts = runs([10, 10, 10])
    assert rule("tracks") is rule("tracks/") is rule("tracks/by_time") is by_time
    assert rule("tracks/by_user") is by_user
    np.testing.assert_array_equal(rule("tracks/without_2")(users, starts), without(2)(users, starts))
    np.testing.assert_array_equal(rule("tracks/until_1970-01-16")(users, starts) == 2, starts >= 15 * 86_400)


@pytest.mark.parametrize(
    "config",
    [
        *(
            "sideways",
            "by_time/x",
            "without",
            "without_",
            "without_x",
            "without_-1",
            "without_1.5",
            "without_²",
            "without_" + "9" * 5000,
        ),
        *("until", "until_", "until_soon", "until_2023-13-01", "until_2023-02-29", "until_2023", "until_2023-01-01T00"),
    ],
    ids=lambda config: config[:20],
)
def test_no_other_rule_is_taken(config):
    with pytest.raises(InputError, match="expected"):
        rule(f"tracks/{config}")


def test_people_have_numbers_that_depend_on_their_first_run_alone():
    users, starts = np.array([0, 1, 0, 1, 2]), np.array([1e9, 1.1e9, 1.2e9, 1.3e9, 1.4e9])
    found = splits.person_numbers(users, starts)
    assert found.dtype == np.float32
    assert found[0] == found[2] != found[1] == found[3] != found[4]
    assert ((found >= 1) & (found < 2**24) & (found == np.round(found))).all()
    np.testing.assert_array_equal(splits.person_numbers(users[:3] + 5, starts[:3]), found[:3])
    assert not set(splits.person_numbers(users, starts + 1)) & set(found)
