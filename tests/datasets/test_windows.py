"""Windows in memory: put together from runs, taken apart, put back; whole runs and what is known of them."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from hrkeras.athlete import population, population_fit
from hrkeras.athlete.following import follow
from hrkeras.athlete.history import COLUMNS
from hrkeras.athlete.kalman import COURSE_FACTS, EXPECTED, Known
from hrkeras.datasets import builders, windows
from hrkeras.datasets.runs import load
from hrkeras.datasets.windows import OVERLAP, WINDOW
from hrkeras.utils.errors import InputError
from hrkeras.workouts import splits
from hrkeras.workouts.grid import Grid

LENGTHS = [3, WINDOW, WINDOW + 1, 1234]
LIKE = COLUMNS.index("miss_like")


def made_up(steps, seed=0) -> Grid:
    random = np.random.default_rng(seed)
    heart_rate = random.uniform(100, 180, steps)
    heart_rate[::7] = np.nan
    return Grid(*(np.float32(each) for each in (random.uniform(1, 4, steps), random.normal(100, 5, steps), heart_rate)))


def made_up_known(steps, seed=0) -> Known:
    random = np.random.default_rng(seed)
    shapes = ((steps, len(EXPECTED)), (len(COURSE_FACTS),), (3,), (len(COLUMNS),))
    return Known(*(random.normal(size=shape).astype("f") for shape in shapes))


@pytest.fixture(scope="module")
def grids():
    return [made_up(steps, seed) for seed, steps in enumerate(LENGTHS)]


@pytest.fixture(scope="module")
def known():
    return [made_up_known(steps, seed) for seed, steps in enumerate(LENGTHS)]


@pytest.fixture(scope="module")
def found(grids, known):
    return windows.of_runs(grids, known, np.array([1e9, 2e9, 3e9, 4e9]))


@pytest.fixture(scope="module")
def runs(data_dir):
    return load("synthetic", data_dir)


def assert_same(one: Known, other: Known):
    for name in ("expected", "course", "course_share", "history"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def runs_before(known):
    return np.expm1([each.history[-1] for each in known]).round().astype(int)


def test_runs_come_back_from_their_windows_in_any_order(grids, found):
    shuffled = found[np.random.default_rng(0).permutation(len(found))]
    for number, (run, whole) in enumerate(zip(shuffled.runs(), grids, strict=True)):
        assert (run.number, run.start) == (number, (1 + number) * 1e9)
        assert (shuffled.run[run.rows] == number).all()
        assert (np.diff(shuffled.first_step[run.rows]) > 0).all()
        for one, other in zip(run.grid, whole, strict=True):
            np.testing.assert_array_equal(one, other)


def test_windows_of_a_run_share_steps_and_what_is_known(found, known):
    long = found[found.run == 3]
    assert len(long) == 3
    assert (np.diff(long.first_step) <= WINDOW - OVERLAP).all()
    assert (long.valid == 1).all()
    assert (long.time[:, 0] == 10 * long.first_step).all()
    for first, expected in zip(long.first_step, long.expected, strict=True):
        np.testing.assert_array_equal(expected, known[3].expected[first : first + WINDOW])
    for name in ("course", "course_share", "history"):
        assert (getattr(long, name) == getattr(known[3], name)).all()


def test_in_padding_the_last_step_is_expected_again(found, known):
    np.testing.assert_array_equal(found.expected[0][:3], known[0].expected)
    assert (found.expected[0][3:] == known[0].expected[-1]).all()


def test_a_window_may_be_as_long_as_the_longest_run(grids, known):
    whole = windows.of_runs(grids, known, np.arange(4.0), size=2000)
    assert whole.speed.shape == (4, 1234)
    np.testing.assert_array_equal(whole.heart_rate[3], grids[3].heart_rate)
    np.testing.assert_array_equal(whole.expected[3], known[3].expected)


def test_inputs_hold_no_heart_rate_unless_given_and_are_cut(found):
    given = found.inputs(7)
    steps = {"time", "speed", "altitude", "valid", "heart_rate"}
    assert set(given) == steps | {"expected", "delay", "course", "history", "trust", "person"}
    assert all(given[name].shape == (len(found), 7) for name in steps)
    assert given["expected"].shape == (len(found), 7, len(EXPECTED))
    assert given["valid"].dtype == given["heart_rate"].dtype == given["delay"].dtype == np.float32
    assert given["valid"][0].tolist() == [1, 1, 1, 0, 0, 0, 0]
    assert np.isnan(given["heart_rate"]).all()
    assert given["delay"].tolist() == [[0]] * len(found)
    delay = np.arange(len(found))
    given = found.inputs(7, heart_rate=found.heart_rate, delay=delay)
    np.testing.assert_array_equal(given["heart_rate"], found.heart_rate[:, :7])
    assert given["delay"][:, 0].tolist() == delay.tolist()


def test_windows_tell_who_the_person_is_if_that_is_known(found, runs):
    assert np.isnan(found.inputs()["person"]).all()
    whole = runs.windows(runs.known(runs.population()), "test")
    numbers = splits.person_numbers(runs.users, runs.starts)
    assert whole.inputs()["person"].shape == (len(whole), 1)
    assert all(person == numbers[run] for person, run in zip(whole.person, whole.run, strict=True))
    assert len(set(whole.person)) == len(set(whole.user)) > 1


def test_where_the_course_is_not_known_nothing_of_it_is_left(found):
    before = found[np.arange(len(found))]
    is_known = np.arange(len(found)) % 2 == 0
    given, whole = found.inputs(course=is_known), found.inputs()
    without = whole["expected"][..., :3] - found.course_share[:, None]
    np.testing.assert_array_equal(given["expected"][~is_known, :, :3], without[~is_known])
    np.testing.assert_array_equal(given["expected"][..., 3:], whole["expected"][..., 3:])
    assert np.isnan(given["course"][~is_known]).all()
    assert np.isnan(given["history"][~is_known, LIKE]).all()
    assert (np.isnan(given["history"]).sum(axis=1) == ~is_known).all()
    for name in given:
        np.testing.assert_array_equal(given[name][is_known], whole[name][is_known], err_msg=name)
    for name in ("expected", "history", "course"):  # and the windows are as they were
        np.testing.assert_array_equal(getattr(found, name), getattr(before, name), err_msg=name)
    assert np.isnan(found.inputs(course=False)["course"]).all()


def test_a_window_has_no_heart_rate_in_padding_or_where_unmeasured(grids, found):
    assert np.isnan(found.heart_rate[0][3:]).all()
    assert np.isnan(found.heart_rate[1]).sum() == np.isnan(grids[1].heart_rate).sum() > 0


def test_whole_runs_are_loaded_the_earliest_first(runs, data_dir):
    metadata = builders.find("synthetic", data_dir).info.metadata
    assert runs.counts == {"people": metadata["people"], "runs": metadata["runs"]}
    assert (np.diff(runs.starts) >= 0).all()
    assert max(len(grid.speed) for grid in runs.grids) > WINDOW
    np.testing.assert_array_equal(runs.split, np.array(splits.SPLITS)[splits.by_time(runs.users, runs.starts)])


def test_only_the_wanted_splits_are_loaded(runs, data_dir):
    some = load("synthetic", data_dir, ("train", "test"))
    wanted = np.flatnonzero(runs.split != "validation")
    np.testing.assert_array_equal(some.starts, runs.starts[wanted])
    np.testing.assert_array_equal(some.users, runs.users[wanted])
    np.testing.assert_array_equal(some.grids[-1].heart_rate, runs.grids[wanted[-1]].heart_rate)
    at_all = some.known(population.default())
    assert len(at_all) == len(wanted)
    assert runs_before(at_all).max() < runs_before(runs.known(population.default())).max()


def test_loaded_without_a_person_the_test_is_that_person(data_dir):
    found = load("synthetic/without_2", data_dir)
    np.testing.assert_array_equal(found.split == "test", found.users == 2)
    assert set(found.users[found.split == "train"]) == {0, 1, 3}
    with pytest.raises(InputError, match="no person 7 beside others"):
        load("synthetic/without_7", data_dir)


def test_loaded_until_a_date_the_test_is_what_comes_later(runs, data_dir):
    middle = datetime.fromtimestamp(np.median(runs.starts), UTC).date()
    found = load(f"synthetic/until_{middle}", data_dir)
    begin = datetime(middle.year, middle.month, middle.day, tzinfo=UTC).timestamp()
    np.testing.assert_array_equal(found.split == "test", found.starts >= begin)
    assert found.counts["runs"] == {name: int((found.split == name).sum()) for name in splits.SPLITS}
    with pytest.raises(InputError, match="no runs in its test split"):
        load("synthetic/until_2100-01-01", data_dir)
    with pytest.raises(InputError, match="no runs in its train split"):
        load("synthetic/until_1990-01-01", data_dir)
    assert (load("synthetic/until_2100-01-01", data_dir, ("train",)).split == "train").all()


def test_the_population_is_that_of_the_training_split(runs):
    chosen = runs.split == "train"
    grids = [runs.grids[run] for run in np.flatnonzero(chosen)]
    wanted = population_fit.fit(runs.users[chosen], runs.starts[chosen], grids, "these")
    assert runs.population("these") == wanted
    others = [grid if known else made_up(90, 9) for grid, known in zip(runs.grids, chosen, strict=True)]
    changed = replace(runs, grids=others)
    assert changed.population("these") == wanted


def test_what_is_known_is_of_the_same_person(runs):
    start, calls = population.default(), []
    known = runs.known(start, on_run=lambda: calls.append(1))
    assert len(calls) == len(known) == len(runs.grids)
    mine = np.flatnonzero(runs.users == 1)
    for place, each in follow(runs.starts[mine], [runs.grids[run] for run in mine], population=start):
        assert_same(each, known[mine[place]])
    higher = [np.float32(0 if user == 1 else 20) for user in runs.users]
    raised = [grid._replace(heart_rate=grid.heart_rate + more) for grid, more in zip(runs.grids, higher, strict=True)]
    changed = replace(runs, grids=raised).known(start)
    for run in mine:
        assert_same(changed[run], known[run])
    later = known[np.flatnonzero(runs.users == 2)[-1]], changed[np.flatnonzero(runs.users == 2)[-1]]
    assert np.abs(later[0].expected[:, 0] - later[1].expected[:, 0]).mean() > 5


def test_people_may_be_split_to_know_less_of_them(runs):
    start = population.default()
    each_alone = runs.known(start, np.arange(len(runs.users)))
    assert (runs_before(each_alone) == 0).all()
    halves = 2 * runs.users + np.arange(len(runs.users)) % 2
    known = runs.known(start, halves)
    for half in np.unique(halves):
        assert runs_before([known[run] for run in np.flatnonzero(halves == half)]).tolist() == list(range(sum(halves == half)))
    assert_same(known[0], runs.known(start)[0])


def test_only_what_is_to_be_learnt_is_learnt(runs):
    start = population.default()
    known = runs.known(start, learnt=runs.split == "train")
    for user in np.unique(runs.users):
        mine = runs.users == user
        trained = (mine & (runs.split == "train")).sum()
        assert (runs_before([known[run] for run in np.flatnonzero(mine & (runs.split != "train"))]) == trained).all()


def test_windows_of_a_split_are_of_its_runs(runs):
    known = runs.known(population.default())
    found = runs.windows(known, "test")
    np.testing.assert_array_equal(np.unique(found.run), np.flatnonzero(runs.split == "test"))
    np.testing.assert_array_equal(found.user, runs.users[found.run])
    np.testing.assert_array_equal(found.start, runs.starts[found.run])
    for run in found.runs():
        np.testing.assert_array_equal(run.grid.heart_rate, runs.grids[run.number].heart_rate)
        for row in run.rows:
            np.testing.assert_array_equal(found.history[row], known[run.number].history)
            np.testing.assert_array_equal(found.expected[row, 0], known[run.number].expected[found.first_step[row]])


def test_a_damaged_dataset_says_so(tmp_path):
    from hrkeras.datasets import build

    builder = build.build("synthetic", None, "by_time", tmp_path, athletes=1, runs=10)
    assert len(load("synthetic", tmp_path).grids) == sum(builder.info.metadata["runs"].values())
    (path,) = builder.data_path.glob("*-test.tfrecord*")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"synthetic at .* is damaged .*; build it again"):
        load("synthetic", tmp_path)


def test_a_dataset_that_is_not_there_is_named_as_asked_for(tmp_path):
    for config in ("by_time", "by_user"):
        with pytest.raises(InputError, match=rf"The dataset synthetic/{config}/\S+ is not at .*{config}"):
            load(f"synthetic/{config}", tmp_path)
