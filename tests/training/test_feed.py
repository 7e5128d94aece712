"""What a training is fed with, in blocks far smaller than usual."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from made_up import made_up

from hrkeras.athlete.population import default
from hrkeras.datasets import followed as following
from hrkeras.datasets.followed import FollowedRuns
from hrkeras.training.feed import Feed
from hrkeras.training.histories import Hand, deal, until_trained


@pytest.fixture(scope="module")
def runs():
    return made_up(people=9, runs=8, steps=(20, 420), seed=2)


@pytest.fixture(scope="module")
def followed(runs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "SHARD", 10)
        return FollowedRuns(runs, runs.population())


def epoch_of(feed: Feed, epoch: int) -> list:
    """The blocks of an epoch."""
    blocks, found = feed.blocks(epoch), []
    for block in blocks:
        if block.epoch > epoch:
            break
        found.append(block)
    blocks.close()
    return found


def contents(blocks: list) -> list[np.ndarray]:
    """All that the batches hold, as arrays in their order."""
    windows = [block.windows(rows, length) for block in blocks for length, rows in block.batches]
    return [getattr(each, name) for each in windows for name in ("run", "speed", "heart_rate", "expected", "history", "valid")]


def test_shards_are_of_whole_people(runs, followed):
    assert len(followed.shards) == 7
    assert sorted(np.concatenate(followed.shards)) == list(range(len(runs)))
    homes = [set(runs.users[rows]) for rows in followed.shards]
    assert sum(map(len, homes)) == 9


def test_what_was_known_before_each_run_is_kept(runs, followed):
    known, rows = runs.known(followed.population), np.array([40, 3, 71])
    kept = followed.end_to_end(rows)
    for place, row in enumerate(rows):
        (mine,) = [kept.some(np.array([place]))]
        np.testing.assert_array_equal(mine.expected, known[row].expected)
        np.testing.assert_array_equal(mine.grid, np.stack(runs.grids[row]))
        for name in ("course", "course_share", "history", "shrinkage"):
            np.testing.assert_array_equal(mine.facts[name][0], getattr(known[row], name))
        assert (mine.facts["run"][0], mine.facts["user"][0]) == (row, runs.users[row])


@pytest.mark.parametrize("seed", [0, 1, None])
def test_every_window_comes_once_an_epoch_however_small_the_blocks(runs, followed, seed):
    feed = Feed(followed, "train", 4, seed=seed, block=12)
    plain = runs.windows(runs.known(followed.population), "train")
    for epoch in (0, 3):
        blocks = epoch_of(feed, epoch)
        batches = [batch for block in blocks for batch in block.batches]
        assert len(blocks) > 2
        assert [block.first for block in blocks] == np.cumsum([0, *[len(block.batches) for block in blocks[:-1]]]).tolist()
        assert len(batches) == len(feed)
        assert sorted(np.concatenate([rows for _, rows in batches])) == list(range(len(plain)))
        assert max(len(block.runs.steps) for block in blocks) < 36
        for block in blocks:
            for length, rows in block.batches:
                found = block.windows(rows, length)
                assert found.valid.sum() == plain.valid[rows].sum()
                for name in ("speed", "heart_rate", "expected", "history", "person", "start"):
                    wanted = getattr(plain, name)[rows]
                    values = getattr(found, name)
                    steps = min(length, plain.valid.shape[1])
                    wanted, values = (
                        each[:, :steps] if each.ndim > 1 and name != "history" else each for each in (wanted, values)
                    )
                    np.testing.assert_array_equal(values, wanted, err_msg=name)


def test_the_first_two_batches_differ_in_length_whatever_block_they_come_from(followed):
    for seed in range(60):
        for block in (1, 12):
            batches = [
                batch for each in epoch_of(Feed(followed, "train", 4, seed=seed, block=block), 0) for batch in each.batches
            ]
            assert batches[0][0] != batches[1][0]


def test_an_epoch_depends_on_nothing_before_it_and_not_on_the_processes(followed):
    how = {"seed": 3, "history_dropout": 0.6, "block": 12}
    feed = Feed(followed, "train", 4, **how)
    begun_before = [block for block in islice(feed.blocks(0), 30) if block.epoch == 2]
    wanted = contents(epoch_of(feed, 2))
    two_processes = Feed(followed, "train", 4, **how, processes=2, epochs=3)
    for found in (contents(begun_before), contents(list(two_processes.blocks(2)))):
        for one, two in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, two)
    assert any((one != two).any() for one, two in zip(contents(epoch_of(feed, 3))[::6], wanted[::6], strict=True))


def test_of_who_knows_less_only_the_history_changes(runs, followed):
    plain = runs.windows(runs.known(followed.population), "train")
    fewer = []
    for epoch in range(6):
        for block in epoch_of(Feed(followed, "train", 4, seed=3, history_dropout=0.5, block=12), epoch):
            for length, rows in block.batches:
                found = block.windows(rows, length)
                np.testing.assert_array_equal(found.speed, plain.speed[rows][:, :length])
                assert (found.history[:, -1] <= plain.history[rows, -1] + 1e-6).all()
                fewer.append((found.history[:, -1] < plain.history[rows, -1] - 1e-6)[plain.history[rows, -1] > 1])
    assert np.concatenate(fewer).mean() == pytest.approx(0.5, abs=0.1)


def test_the_test_split_is_in_no_window_and_no_history_of_training(runs):
    def windows(given):
        chosen = np.flatnonzero(given.split != "test")
        given = replace(given, users=given.users[chosen], starts=given.starts[chosen], split=given.split[chosen])
        given = replace(given, grids=[runs.grids[row] for row in chosen])
        return contents(epoch_of(Feed(FollowedRuns(given, runs.population()), "train", 4, seed=0), 0))

    tested = runs.split == "test"
    louder = [grid._replace(heart_rate=grid.heart_rate + 50 * more) for grid, more in zip(runs.grids, tested, strict=True)]
    for one, two in zip(windows(runs), windows(replace(runs, grids=louder)), strict=True):
        np.testing.assert_array_equal(one, two)


def test_runs_after_the_last_that_is_trained_on_are_not_followed():
    people, starts = np.array([0, 0, 0, 1, 1, 2]), np.array([3.0, 1.0, 2.0, 1.0, 1.5, 5.0])
    trained = np.array([False, False, True, False, True, False])
    assert until_trained(people, starts, trained).tolist() == [False, True, True, True, True, False]


def test_validation_runs_change_nothing_that_is_known_before_the_others(runs):
    """Of a split by time they come last, so the histories dealt are those that all runs give."""
    grids = list(runs.grids)
    hand = Hand(default(), runs.users, runs.starts, grids, runs.split == "train", 0.6, 0.0, (5,))
    found, everything = deal(hand)[1], deal(hand._replace(trained=np.ones(len(runs), bool)))[1]
    rows = np.flatnonzero(hand.trained)
    assert len(found) > 10
    assert {int(rows[number]) for number in found} == {row for row in everything if hand.trained[row]}
    for number, state in found.items():
        np.testing.assert_array_equal(state.expected, everything[int(rows[number])].expected)
