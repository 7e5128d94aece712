"""A dataset that leaks, of each kind, is caught; one that does not passes."""

from dataclasses import replace

import numpy as np
import pytest

from hrkeras.datasets.runs import Runs, load
from hrkeras.evaluation.audit import data as audit_data


@pytest.fixture(scope="module")
def runs(short_runs_dir) -> Runs:
    return load("synthetic", short_runs_dir)


def failed(runs, data="synthetic", **kwargs) -> list[str]:
    return [check.name for check in audit_data.checks(runs, data, **kwargs) if check.passed is False]


def with_altitude(runs, made) -> Runs:
    """The runs with an altitude that is made from their heart rate."""
    grids = []
    for whole in runs.grids:
        heart_rate = np.where(np.isfinite(whole.heart_rate), whole.heart_rate, np.nanmean(whole.heart_rate))
        grids.append(whole._replace(altitude=np.float32(made(heart_rate))))
    return replace(runs, grids=grids)


def with_more(runs, grid, user, start, split) -> Runs:
    """The runs and one more."""
    return Runs(
        np.append(runs.users, user),
        np.append(runs.starts, start),
        [*runs.grids, grid],
        np.append(runs.split, split),
    )


def test_a_clean_dataset_passes(runs):
    found = list(audit_data.checks(runs, "synthetic"))
    assert all(check.passed and check.finding for check in found), found


@pytest.mark.parametrize(
    "made",
    [
        lambda heart_rate: np.roll(heart_rate, 1),
        lambda heart_rate: 100 + 15 * np.floor(heart_rate / 15),
        lambda heart_rate: -(heart_rate**2),
    ],
    ids=["delayed", "zone", "monotone"],
)
def test_an_input_made_from_heart_rate_is_caught(runs, made):
    assert "inputs of steps" in failed(with_altitude(runs, made))


@pytest.mark.parametrize("same_person", [True, False])
def test_a_second_recording_on_the_other_side_is_caught(runs, same_person):
    row = int(np.flatnonzero((runs.split == "train") & (np.array([len(each.speed) for each in runs.grids]) > 100))[0])
    random = np.random.default_rng(0)
    copy = runs.grids[row]._replace(
        **{
            name: np.float32(
                getattr(runs.grids[row], name)[2:] + random.normal(0, standard_deviation, len(runs.grids[row].speed) - 2)
            )
            for name, standard_deviation in (("speed", 0.03), ("altitude", 0.2), ("heart_rate", 0.7))
        }
    )
    user = runs.users[row] if same_person else runs.users.max() + 1
    start = runs.starts[row] + (20 if same_person else 5e6)
    other = with_more(runs, copy, user, start, "test")
    assert "near copies" in failed(other)
    assert ("runs at the same time" in failed(other)) == same_person


def test_a_history_of_later_runs_is_caught(short_runs_dir):
    runs = load("synthetic/by_user", short_runs_dir)

    def sees_all(some, population):
        found = some.known(population)
        for user in np.unique(some.users):
            mine = np.flatnonzero(some.users == user)
            mean = np.nanmean(np.concatenate([some.grids[row].heart_rate for row in mine]))
            for row in mine:
                found[row].history[-1] = mean
        return found

    names = failed(runs, "synthetic/by_user", known=sees_all)
    assert "history and later heart rate" in names
    assert "history and own heart rate" in names


def test_a_person_on_both_sides_of_by_user_is_caught(short_runs_dir):
    runs = load("synthetic/by_user", short_runs_dir)
    assert failed(runs, "synthetic/by_user") == []
    split = runs.split.copy()
    split[np.flatnonzero(split == "train")[-1]] = "test"
    assert any(name.startswith("split by_user") for name in failed(replace(runs, split=split), "synthetic/by_user"))


def test_a_training_run_after_the_test_is_caught(runs):
    split = runs.split.copy()
    split[np.flatnonzero(split == "test")[0]], split[np.flatnonzero(split == "train")[0]] = "train", "test"
    assert any(name.startswith("split by_time") for name in failed(replace(runs, split=split)))
