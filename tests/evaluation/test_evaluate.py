"""Scores by hand, and that a run's own heart rate never enters what is predicted of it."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from hrkeras import models
from hrkeras.athlete.following import follow
from hrkeras.athlete.population import default, from_dict
from hrkeras.datasets import windows
from hrkeras.datasets.runs import Runs, load
from hrkeras.datasets.windows import Run, stitch
from hrkeras.evaluation import evaluate, predict, scores, tables
from hrkeras.evaluation.protocols import PROTOCOLS
from hrkeras.models import statistics
from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import Grid


def run(heart_rate, number=0, user=0) -> Run:
    heart_rate = np.float32(heart_rate)
    nothing = np.zeros(len(heart_rate), "float32")
    return Run(number, user, 1e9 + number, Grid(nothing, nothing, heart_rate), np.array([number]))


@pytest.fixture(scope="module")
def runs(short_runs_dir) -> Runs:
    return load("synthetic", short_runs_dir)


@pytest.fixture(scope="module")
def model(runs):
    """Untrained, with weights that let everything known move its prediction."""
    keras.utils.set_random_seed(1)
    population = runs.population()
    train = runs.windows(runs.known(population), "train")
    return models.gru(units=4, num_layers=1, statistics=statistics.of_training([train], population))


def scored(model, runs, protocol="profile", **kwargs):
    return evaluate.evaluate(model, runs, protocol, name="mine", **kwargs)


def test_score_by_hand():
    runs = [run([100, np.nan, 104]), run([150, 150, 150, 150]), run([np.nan])]
    predicted = [np.array([101.0, 999, 101]), np.array([152.0, 150, 150, 150]), np.array([7.0])]
    found = scores.score("a", runs, predicted)
    assert found.mae == pytest.approx((1 + 3 + 2) / 6)
    assert found.rmse == pytest.approx(((1 + 9 + 4) / 6) ** 0.5)
    assert found.median_run_mae == pytest.approx((2 + 0.5) / 2)
    assert (found.name, found.runs, found.steps) == ("a", 2, 6)
    assert found.people_mae == pytest.approx((2 + 0.5) / 2)
    others = scores.score("a", [*runs, run([100], user=1)], [*predicted, np.array([105.0])])
    assert others.people_mae == pytest.approx(((2 + 0.5) / 2 + 5) / 2)
    np.testing.assert_allclose(scores.run_errors(runs, predicted), [2, 0.5, np.nan])


def test_nothing_measured_is_no_number():
    found = scores.score("a", [run([np.nan, np.nan])], [np.array([1.0, 2.0])])
    assert (found.runs, found.steps) == (0, 0)
    assert np.isnan([found.mae, found.rmse, found.median_run_mae, *found.mae_interval]).all()


def test_the_interval_holds_the_estimate_and_shrinks_with_runs():
    random = np.random.default_rng(0)

    def interval(count):
        runs = [run(np.full(50, 150)) for _ in range(count)]
        found = scores.score("a", runs, [np.full(50, 150 + random.normal(0, 10)) for _ in runs])
        low, high = found.mae_interval
        assert low < found.mae < high
        return high - low

    assert interval(400) < interval(100) / 1.5 < interval(25) / 2
    (one,) = {scores.score("a", [run([100, 100])], [np.array([101.0, 103])]).mae_interval}
    assert one == (2, 2)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """Runs of one length whose absolute error is drawn from 0 to 10: the true mean is 5."""
    random = np.random.default_rng(1)
    runs = [run(np.full(3, 100)) for _ in range(30)]
    hits = 0
    for _ in range(100):
        found = scores.score("a", runs, [np.full(3, 100 + random.uniform(0, 10)) for _ in runs])
        hits += found.mae_interval[0] < 5 < found.mae_interval[1]
    assert 85 <= hits <= 100


def test_error_by_minute():
    heart_rate = np.full(14, 100.0)
    heart_rate[6:12] = np.nan
    one, other = np.full(14, 103.0), np.full(3, 101.0)
    found = scores.error_by_minute([run(heart_rate), run([100, 100, np.nan])], [one, other], 10.0, minutes=4)
    np.testing.assert_allclose(found, [(6 * 3 + 2 * 1) / 8, np.nan, 3, np.nan])
    assert scores.error_by_minute([run(heart_rate)], [one], 10.0, minutes=2).shape == (2,)


def test_worse_by_is_paired():
    """Two predictions that miss alike but for one beat: no interval of either is as narrow as that of the difference."""
    random = np.random.default_rng(0)
    runs = [run(np.full(20, 150)) for _ in range(60)]
    residuals = random.uniform(2, 20, 60)
    ours, theirs = (
        [np.full(20, 150 + residual) for residual in residuals],
        [np.full(20, 151 + residual) for residual in residuals],
    )
    found = scores.score("b", runs, theirs, None, ours)
    assert found.worse_by == pytest.approx((1, 1, 1), abs=1e-4)
    assert found.differs
    assert np.ptp(found.mae_interval) > 1
    equal = scores.score("b", runs, [np.full(20, 150 - residual) for residual in residuals], None, ours)
    assert equal.worse_by == pytest.approx((0, 0, 0), abs=1e-4)
    assert not equal.differs
    assert "[+0.00" in tables.table([replace(found, worse_by=None), equal])


def test_only_counted_steps_count():
    one = run([100, 100, 100, 100])
    found = scores.score("a", [one], [np.array([100.0, 101, 102, 103])], [np.array([False, True, False, True])])
    assert (found.mae, found.steps) == (2, 2)


def test_predict_of_a_whole_run_is_that_of_its_windows_put_together(model, runs):
    """Also of a run longer than is predicted at once; and no prediction depends on what else is in the batch."""
    random = np.random.default_rng(0)
    long = Grid(*(np.float32(values) for values in random.uniform(1, 4, (3, predict.WHOLE + 600))))
    known = dict(follow(np.array([1e9]), [long]))[0]
    test = runs.windows(runs.known(runs.population()), "test", predict.WHOLE)
    for found in (test, windows.of_runs([long], [known], np.array([1e9]), size=predict.WHOLE)):
        together = predict.predict(model, found)
        alone = np.concatenate(
            [keras.ops.convert_to_numpy(model.predict_on_batch(found[[row]].inputs())) for row in range(len(found))]
        )
        for whole, each in zip(found.runs(), together, strict=True):
            expected = stitch(alone[whole.rows], found.first_step[whole.rows], len(whole.grid.speed))
            assert each.shape == whole.grid.speed.shape
            np.testing.assert_allclose(each, expected, atol=1e-3)


def test_predict_does_not_depend_on_order_or_company(model, runs):
    test = runs.windows(runs.known(runs.population()), "test", predict.WHOLE)
    expected = dict(zip([each.number for each in test.runs()], predict.predict(model, test), strict=True))
    some = test[np.flatnonzero(test.run != test.run[0])[::-1]]
    assert 0 < len(some) < len(test)
    counted = []
    for each, found in zip(some.runs(), predict.predict(model, some, counted.append), strict=True):
        np.testing.assert_allclose(found, expected[each.number], atol=1e-3)
    assert sum(counted) == len(some)


def test_what_is_not_finite_is_no_prediction(model, runs, monkeypatch):
    test = runs.windows(runs.known(runs.population()), "test", predict.WHOLE)

    def prediction(inside, outside):
        def predict_on_batch(batch):
            return np.where(batch["valid"] > 0, inside, outside)

        monkeypatch.setattr(model, "predict_on_batch", predict_on_batch)
        return predict.predict(model, test)

    assert len(prediction(150.0, np.nan)) == len(list(test.runs()))  # padding is no run
    for value in (np.nan, np.inf):
        with pytest.raises(InputError, match="heart rates that are not finite"):
            prediction(value, 150.0)


def scrambled(runs: Runs, chosen) -> Runs:
    grids = [
        each._replace(heart_rate=220 - each.heart_rate) if place in chosen else each for place, each in enumerate(runs.grids)
    ]
    return replace(runs, grids=grids)


@pytest.mark.parametrize("protocol", ["profile", "live"])
def test_a_runs_own_heart_rate_never_moves_what_is_predicted_of_it(model, runs, protocol):
    before = scored(model, runs, protocol)
    last = before.runs[-1]
    after = scored(model, scrambled(runs, {last.number}), protocol)
    for name, values in before.cases[0].predicted.items():
        for place, each in enumerate(before.runs):
            if each is last or each.user != last.user or each.start < last.start:
                np.testing.assert_array_equal(after.cases[0].predicted[name][place], values[place], err_msg=name)


def test_what_is_learnt_does_not_change_with_validation_and_test(runs):
    other = scrambled(runs, set(np.flatnonzero(runs.split != "train")))
    assert other.population() == runs.population()
    one, two = (
        statistics.of_training([each.windows(each.known(each.population()), "train")], each.population())
        for each in (runs, other)
    )
    assert one == two


@pytest.mark.parametrize("protocol", ["profile", "live", "forecast", "past_only", "imputation"])
def test_evaluate_has_model_and_baselines_on_the_same_steps(model, runs, protocol):
    found = scored(model, runs, protocol)
    assert [case.case.name for case in found.cases] == [case.name for case in PROTOCOLS[protocol].cases]
    for case in found.cases:
        assert case.rows[0].name == "mine"
        assert case.rows[0].worse_by is None
        assert len({(row.runs, row.steps) for row in case.rows}) == 1
        assert all(row.worse_by[0] == pytest.approx(row.mae - case.rows[0].mae) for row in case.rows[1:])
        table = tables.table(case.rows)
        assert len(table.splitlines()) == 1 + len(case.rows)
        assert f"{case.rows[0].mae:.2f}" in table.splitlines()[1]
    names = [row.name for row in found.rows[1:]]
    shifted = ["athlete's state, shifted by its residuals", "mine, shifted by its residuals"]
    expected = {
        "forecast": ["persistence", *shifted],
        "past_only": ["persistence", *shifted, "recent mean heart rate", "mine, averaged with recent heart rate"],
        "imputation": ["linear interpolation", *shifted],
    }
    assert names == expected.get(protocol, names)
    assert protocol in expected or names[:2] == ["athlete's state alone", "constant"]
    of_people = sum(rows[0].mae * rows[0].steps for rows in found.people.values())
    assert of_people / found.rows[0].steps == pytest.approx(found.rows[0].mae)
    assert all(letter in tables.people_table(found.people) for letter in "ABCD")
    assert "Per person, by their number in the dataset, which keeps no names: mean absolute error" in found.tables()


def test_people_are_told_by_their_names(model, runs):
    names = [f"the person numbered {user}" for user in range(runs.users.max() + 1)]
    said = scored(model, replace(runs, names=names)).tables().partition("Per person: ")[2].splitlines()
    assert [line.split("  ")[0] for line in said[3:5]] == names[:2]


def test_others_are_scored_where_the_beginning_alone_is_known(model, runs):
    asked = []

    def other(those, shown, on_batch, earlier):
        asked.append((those, shown, earlier))
        return [np.full(len(known), 150.0) for known in shown[:-1]] + [np.full(len(shown[-1]), np.nan)]

    found = scored(model, runs, "forecast", beside={"other": other, "silent": lambda *_: None})
    *before, rest = found.cases
    assert all("other" not in case.predicted for case in before)
    assert [row.name for row in rest.rows][-1] == "other"
    ((those, shown, earlier),) = asked
    for run, grids in zip(those, earlier, strict=True):
        over = np.flatnonzero((runs.users == run.user) & (runs.ends <= run.start))
        assert len(grids) == len(over) > 4
        np.testing.assert_array_equal(grids[-1], runs.grids[over[np.argmax(runs.ends[over])]])
    assert [run.number for run in those] == [run.number for run in found.runs]
    for run, given, known in zip(found.runs, those, shown, strict=True):
        np.testing.assert_array_equal(given.grid.heart_rate, known)
        np.testing.assert_array_equal(known[:60], run.grid.heart_rate[:60])
        assert np.isnan(known[60:]).all()
    assert all((values == 150).all() for values in rest.predicted["other"][:-1])
    test = runs.windows(runs.known(runs.population()), "test", predict.WHOLE)
    state = predict.by_run(test.inputs()["expected"][:, :, 0], test)
    np.testing.assert_array_equal(rest.predicted["other"][-1], state[-1])  # of which it could not tell
    assert len({(row.runs, row.steps) for row in rest.rows}) == 1


def test_later_tells_history_kept_up_from_history_ended(model, short_runs_dir):
    starts = load("synthetic", short_runs_dir).starts
    day = str(np.datetime64(int(np.quantile(starts, 0.6)), "s"))[:10]
    runs = load(f"synthetic/until_{day}", short_runs_dir)
    found = scored(model, runs, "later")
    assert sum(row["runs"] for row in found.months) == len(found.runs)
    assert any(row["kept_up"] != row["frozen"] for row in found.months)
    assert len(tables.months_table(found.months).splitlines()) == 1 + len(found.months)


def test_people_without_a_measured_heart_rate(model, runs):
    def silenced(chosen):
        grids = [
            each._replace(heart_rate=np.full_like(each.heart_rate, np.nan)) if place in chosen else each
            for place, each in enumerate(runs.grids)
        ]
        return replace(runs, grids=grids)

    found = scored(model, silenced(np.flatnonzero((runs.split == "test") & (runs.users == 0))))
    assert found.people[0][0].runs == 0
    assert np.isfinite(found.rows[0].mae)
    tables.people_table(found.people)
    with pytest.raises(InputError, match="nothing to compare with"):
        scored(model, silenced(np.flatnonzero(runs.split == "test")))


def test_a_model_of_the_same_runs_needs_their_histories_once(model, runs, monkeypatch):
    """What a saved model keeps of its population is what is fitted to the runs again."""
    kept = from_dict(runs.population("under another name").as_dict())
    assert kept == runs.population()
    known, calls = Runs.known, []
    monkeypatch.setattr(Runs, "known", lambda *arguments, **more: calls.append(1) or known(*arguments, **more))
    evaluate.evaluate(model, runs)
    assert len(calls) == 1


def test_the_state_alone_starts_where_the_models_state_starts(runs):
    elsewhere = models.gru(units=4, num_layers=1)  # names no population, so it has the packaged one
    result = scored(elsewhere, runs).cases[0]
    windows = runs.windows(runs.known(default()), "test", predict.WHOLE)
    expected = predict.by_run(windows.expected[:, :, 0], windows)
    for found, values in zip(result.predicted[evaluate.STATE_ALONE], expected, strict=True):
        np.testing.assert_allclose(found, values)


def test_trust_comes_from_runs_that_were_over_alone(runs, model):
    def trusts(some: Runs, **kwargs) -> np.ndarray:
        return np.array([each.shrinkage for each in predict.known(model, some, some.population(), **kwargs)])

    mine = np.flatnonzero(runs.users == runs.users[0])
    mine = mine[np.argsort(runs.starts[mine])]
    before = trusts(runs)
    assert before[mine[0]] == 0.5
    assert len(set(before[mine])) > len(mine) / 2
    last = mine[-1]
    grids = list(runs.grids)
    grids[last] = grids[last]._replace(heart_rate=grids[last].heart_rate + np.float32(30))
    np.testing.assert_array_equal(trusts(replace(runs, grids=grids)), before)
    assert (trusts(runs, learnt=np.zeros(len(runs.users), bool)) == 0.5).all()


def test_who_is_not_trusted_says_what_the_state_says(runs, model):
    test = runs.windows(runs.known(runs.population()), "test", predict.WHOLE)
    alone = predict.by_run(test.expected[:, :, 0], test)
    for shrinkage, moved in ((0.0, 0.0), (1.0, 1.0), (0.25, 0.25)):
        found = predict.predict(model, replace(test, shrinkage=np.full(len(test), shrinkage, "float32")))
        wholly = predict.predict(model, test)
        for one, two, three in zip(found, wholly, alone, strict=True):
            np.testing.assert_allclose(one - three, moved * (two - three), atol=1e-3)
