"""Scores by hand, and that a run's own heart rate never enters what is predicted of it."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from hrkeras import baselines, evaluation, models, training, windows
from hrkeras.windows import Run, Windows
from hrkeras.workouts import history
from hrkeras.workouts.grid import Grid, stitch
from hrkeras.workouts.workout import InputError


def run(heart_rate, number=0, user=0) -> Run:
    heart_rate = np.float32(heart_rate)
    nothing = np.zeros(len(heart_rate), "float32")
    return Run(number, user, 1e9 + number, Grid(nothing, nothing, heart_rate), np.array([number]))


@pytest.fixture(scope="module")
def splits(data_dir) -> list[Windows]:
    return [windows.load("synthetic", split, data_dir) for split in ("train", "validation", "test")]


@pytest.fixture(scope="module")
def model(splits):
    keras.utils.set_random_seed(1)
    return models.gru(units=4, num_layers=1, statistics=training.statistics(splits[0]))


def test_score_by_hand():
    runs = [run([100, np.nan, 104]), run([150, 150, 150, 150]), run([np.nan])]
    predicted = [np.array([101.0, 999, 101]), np.array([152.0, 150, 150, 150]), np.array([7.0])]
    found = evaluation.score("a", runs, predicted)
    assert found.mae == pytest.approx((1 + 3 + 2) / 6)
    assert found.rmse == pytest.approx(((1 + 9 + 4) / 6) ** 0.5)
    assert found.median_run_mae == pytest.approx((2 + 0.5) / 2)
    assert (found.name, found.runs, found.steps) == ("a", 2, 6)
    np.testing.assert_allclose(evaluation.run_errors(runs, predicted), [2, 0.5, np.nan])


def test_nothing_measured_is_no_number():
    found = evaluation.score("a", [run([np.nan, np.nan])], [np.array([1.0, 2.0])])
    assert (found.runs, found.steps) == (0, 0)
    assert np.isnan([found.mae, found.rmse, found.median_run_mae, *found.mae_interval]).all()


def test_the_interval_holds_the_estimate_and_shrinks_with_runs():
    random = np.random.default_rng(0)

    def interval(count):
        runs = [run(np.full(50, 150)) for _ in range(count)]
        found = evaluation.score("a", runs, [np.full(50, 150 + random.normal(0, 10)) for _ in runs])
        low, high = found.mae_interval
        assert low < found.mae < high
        return high - low

    assert interval(400) < interval(100) / 1.5 < interval(25) / 2
    (one,) = {evaluation.score("a", [run([100, 100])], [np.array([101.0, 103])]).mae_interval}
    assert one == (2, 2)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """Runs of one length whose absolute error is drawn from 0 to 10: the true mean is 5."""
    random = np.random.default_rng(1)
    runs = [run(np.full(3, 100)) for _ in range(30)]
    hits = 0
    for _ in range(100):
        found = evaluation.score("a", runs, [np.full(3, 100 + random.uniform(0, 10)) for _ in runs])
        hits += found.mae_interval[0] < 5 < found.mae_interval[1]
    assert 85 <= hits <= 100


def test_error_by_minute():
    heart_rate = np.full(14, 100.0)
    heart_rate[6:12] = np.nan
    one, other = np.full(14, 103.0), np.full(3, 101.0)
    found = evaluation.error_by_minute([run(heart_rate), run([100, 100, np.nan])], [one, other], 10.0, minutes=4)
    np.testing.assert_allclose(found, [(6 * 3 + 2 * 1) / 8, np.nan, 3, np.nan])
    assert evaluation.error_by_minute([run(heart_rate)], [one], 10.0, minutes=2).shape == (2,)


def test_predict_stitches_what_each_window_gives_alone(model, splits):
    """With a run of three windows among them: no prediction depends on what else is in the batch."""
    long = Grid(*(np.float32(values) for values in np.random.default_rng(0).uniform(1, 4, (3, 1100))))
    person = np.full((1, len(history.COLUMNS)), np.nan, "float32")
    for found in (splits[2], windows.of_runs([long], person, np.array([1e9]))):
        together = evaluation.predict(model, found)
        alone = keras.ops.convert_to_numpy(
            np.concatenate([model.predict_on_batch(found[[row]].inputs()) for row in range(len(found))])
        )
        for whole, each in zip(found.runs(), together, strict=True):
            expected = stitch(alone[whole.rows], found.first_step[whole.rows], len(whole.grid.speed))
            assert each.shape == whole.grid.speed.shape
            np.testing.assert_allclose(each, expected, atol=1e-3)


def test_predict_does_not_depend_on_order_or_company(model, splits):
    test = splits[2]
    expected = dict(zip([each.number for each in test.runs()], evaluation.predict(model, test), strict=True))
    some = test[np.flatnonzero(test.run != test.run[0])[::-1]]
    assert 0 < len(some) < len(test)
    counted = []
    for each, found in zip(some.runs(), evaluation.predict(model, some, counted.append), strict=True):
        np.testing.assert_allclose(found, expected[each.number], atol=1e-3)
    assert sum(counted) == len(some)


def all_predictions(model, train, validation, test) -> dict[str, list[np.ndarray]]:
    found = baselines.predictions(*(list(each.runs()) for each in (train, validation, test)))
    return found | {"model": evaluation.predict(model, test)}


def scrambled(found: Windows, rows) -> Windows:
    heart_rate = found.heart_rate.copy()
    heart_rate[rows] = np.where(np.isfinite(heart_rate[rows]), 220 - heart_rate[rows], np.nan)
    return replace(found, heart_rate=heart_rate)


def test_a_runs_own_heart_rate_never_moves_its_prediction(model, splits):
    train, validation, test = splits
    before = all_predictions(model, train, validation, test)
    runs = list(test.runs())
    for place, each in enumerate(runs):
        after = all_predictions(model, train, validation, scrambled(test, each.rows))
        for name in before:
            np.testing.assert_array_equal(after[name][place], before[name][place], err_msg=name)
            earlier = [i for i, other in enumerate(runs) if other.user != each.user or other.start < each.start]
            for i in earlier:
                np.testing.assert_array_equal(after[name][i], before[name][i], err_msg=name)


def test_what_is_learnt_does_not_change_with_validation_and_test(splits):
    train, validation, test = splits
    assert training.statistics(train) == training.statistics(replace(train))
    runs = [list(each.runs()) for each in (train, validation, test)]
    before = baselines.predictions(*runs)
    other = list(scrambled(test, slice(None)).runs())
    after = baselines.predictions(runs[0], runs[1], other)
    for name in ("constant", "person's mean", "ridge, everyone", "ridge per person"):
        for one, two in zip(before[name], after[name], strict=True):
            np.testing.assert_array_equal(one, two, err_msg=name)
    after = baselines.predictions(runs[0], list(scrambled(validation, slice(None)).runs()), runs[2])
    for name in ("constant", "person's mean"):
        for one, two in zip(before[name], after[name], strict=True):
            np.testing.assert_array_equal(one, two, err_msg=name)


def test_evaluate_has_model_and_baselines_on_the_same_steps(model, splits):
    found = evaluation.evaluate(model, "mine", *splits)
    assert found.rows[0].name == "mine"
    assert len(found.rows) == 7
    assert {(row.runs, row.steps) for row in found.rows} == {(len(found.runs), int(np.isfinite(splits[2].heart_rate).sum()))}
    assert sum(rows[0].steps for rows in found.people.values()) == found.rows[0].steps
    of_people = sum(rows[0].mae * rows[0].steps for rows in found.people.values())
    assert of_people / found.rows[0].steps == pytest.approx(found.rows[0].mae)
    table = evaluation.table(found.rows)
    assert len(table.splitlines()) == 8
    assert f"{found.rows[0].mae:.2f}" in table.splitlines()[1]
    people = evaluation.people_table(found)
    assert all(letter in people for letter in "ABCDEFG")


def test_people_without_a_measured_heart_rate(model, splits):
    train, validation, test = splits
    silent = replace(test, heart_rate=np.where(test.user[:, None] == 0, np.nan, test.heart_rate))
    found = evaluation.evaluate(model, "mine", train, validation, silent)
    assert found.people[0][0].runs == 0
    assert np.isfinite(found.rows[0].mae)
    evaluation.people_table(found)
    with pytest.raises(InputError, match="nothing to compare with"):
        evaluation.evaluate(model, "mine", train, validation, replace(test, heart_rate=np.full_like(test.heart_rate, np.nan)))
