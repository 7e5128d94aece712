"""Runs of one person out of many, and of several datasets together."""

import numpy as np
import pytest
from made_up import made_up

from hrkeras.datasets import selection
from hrkeras.datasets.followed import FollowedRuns
from hrkeras.datasets.runs import Runs
from hrkeras.training.batches import Batches
from hrkeras.training.feed import drawn
from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import Grid


@pytest.fixture(scope="module")
def runs():
    return made_up(people=3, runs=16, steps=(20, 30))


def test_one_person(runs):
    mine = selection.one_person(runs, "synthetic", 1)
    assert set(mine.users) == {1}
    assert len(mine.grids) == 16
    assert (np.diff(mine.starts) > 0).all()
    assert selection.one_person(mine, "synthetic").starts.tolist() == mine.starts.tolist()


def test_who_cannot_be_learnt_from(runs):
    with pytest.raises(InputError, match=r"found those of 3; choose one, 0 to 2\."):
        selection.one_person(runs, "synthetic")
    with pytest.raises(InputError, match="there is no person 7"):
        selection.one_person(runs, "synthetic", 7)
    few = selection.part(runs, np.flatnonzero(np.arange(48) > 25))
    with pytest.raises(InputError, match="expected at least 10 runs of the person in the train split, found"):
        selection.one_person(few, "synthetic", 0)
    unseen = selection.part(runs, np.flatnonzero(runs.split != "test"))
    with pytest.raises(InputError, match="at least 1 runs of the person in the test split, found 0"):
        selection.one_person(unseen, "synthetic", 0)


def test_nobody_of_one_source_is_anybody_of_another(runs):
    other = made_up(people=2, runs=4, steps=(20, 30), seed=5)
    both, source = selection.together([runs, other])
    assert (np.diff(both.starts) >= 0).all()
    assert set(both.users[source == 0]) == {0, 1, 2}
    assert set(both.users[source == 1]) == {3, 4}
    for row in np.flatnonzero(source == 1):
        (same,) = np.flatnonzero((other.starts == both.starts[row]) & (other.users == both.users[row] - 3))
        assert both.grids[row] is other.grids[same]
        assert both.split[row] == other.split[same]


def test_things_are_drawn_as_often_as_they_weigh():
    random = np.random.default_rng(0)
    weights = np.array([2.0, 0.5, 1.0, 0.0, 0.25, 0.25])
    counts = np.array([np.bincount(drawn(weights, random), minlength=6) for _ in range(2000)])
    assert (counts.sum(axis=1) == 4).all()
    np.testing.assert_allclose(counts.mean(axis=0), weights, atol=0.05)
    assert (counts >= np.floor(weights)).all()
    assert (counts <= np.ceil(weights)).all()
    assert sorted(drawn(np.ones(5), random)) == [0, 1, 2, 3, 4]
    assert len(drawn(np.array([0.01, 0.02]), random)) == 1


def test_runs_that_weigh_more_come_more_often(runs):
    windows = runs.windows(runs.known(runs.population()), "train")
    batches = Batches(FollowedRuns(runs, runs.population()), "train", 7, seed=0, weights=np.where(runs.users == 1, 2.0, 0.5))
    counts = np.zeros(3)
    for epoch in range(30):
        batches.epoch = epoch
        for speed in (speed for given, _ in batches for speed in given["speed"]):
            counts[windows.user[(windows.speed[:, : len(speed)] == speed).all(axis=1)][0]] += 1
    assert counts[1] / counts[[0, 2]] == pytest.approx([4, 4], rel=0.25)


def test_a_share_is_the_latest_of_each_person():
    split = np.array(["train"] * 5 + ["validation"] + ["train"] * 3 + ["validation"] * 2)
    users, starts = np.array([1] * 6 + [2] * 5), np.array([4, 3, 2, 1, 0, 9, 0, 1, 2, 3, 4], float)
    grids = [Grid(*np.full((3, 5), number, np.float32)) for number in range(11)]
    runs = Runs(users, starts, grids, split)
    found = selection.latest(runs, 0.5)
    assert [int(each.speed[0]) for each in found.grids] == [0, 1, 2, 5, 7, 8, 9, 10]
    assert [int(each.speed[0]) for each in selection.latest(runs, 0.01).grids] == [0, 5, 8, 9, 10]
    assert len(selection.latest(runs, 1.0).grids) == 11
