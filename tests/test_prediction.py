"""Predicting a run that a person brings."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from hrkeras import models, prediction
from hrkeras.workouts import history, synthetic, tracks, writers
from hrkeras.workouts.grid import WINDOW
from hrkeras.workouts.source import ReadLog
from hrkeras.workouts.workout import InputError, Workout


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(2)
    return models.gru(units=4, num_layers=1)


@pytest.fixture(scope="module")
def runs() -> list[Workout]:
    """One athlete's runs, in the order of their dates."""
    simulated = [track for track in synthetic.simulate(1, 10, seed=5, flawed=0, faulty=0)]
    return list(map(as_workout, simulated))


def as_workout(track) -> Workout:
    return Workout(
        time=track.clock - track.clock[0],
        speed=track.speed,
        altitude=track.altitude,
        heart_rate=np.where(track.heart_rate > 0, track.heart_rate, np.nan),
        user=track.user,
        sport="running",
        start=track.clock[0],
        where="a file",
    )


def plain(steps, **changes) -> Workout:
    time = np.arange(0, 10.0 * steps + 1, 5)
    level = np.ones(len(time))
    run = Workout(time=time, speed=3 * level, altitude=5 * level, heart_rate=150 * level, user="a", sport="running", start=1.6e9)
    return replace(run, **changes)


def test_its_own_heart_rate_is_not_looked_at(model, runs):
    found = prediction.predict(model, runs[-1], runs[:-1])
    assert found.error is not None
    for other in (runs[-1].heart_rate + 30, np.full_like(runs[-1].heart_rate, np.nan)):
        changed = prediction.predict(model, replace(runs[-1], heart_rate=other), [*runs[:-1], runs[-1]])
        np.testing.assert_array_equal(changed.heart_rate, found.heart_rate)
    assert changed.error is None
    assert changed.frame()["measured_heart_rate"].isna().all()


def test_error_by_hand(model):
    found = prediction.predict(model, plain(40))
    assert found.error == pytest.approx(np.abs(found.heart_rate - 150).mean())
    frame = found.frame()
    assert list(frame) == ["time_s", "speed_m_s", "altitude_m", "heart_rate", "measured_heart_rate"]
    assert frame["time_s"].tolist() == list(range(0, 400, 10))
    assert set(frame["speed_m_s"]) == {3.0}
    np.testing.assert_allclose(frame["heart_rate"], found.heart_rate, atol=0.05)


def test_only_earlier_runs_that_are_over_count(model, runs):
    middle = runs[5]
    found = prediction.predict(model, middle, runs)
    assert found.earlier_runs == 5
    for workouts in (runs[:5], runs[:5][::-1], [*runs[:5], *runs[:2]]):
        again = prediction.predict(model, middle, workouts)
        assert again.earlier_runs == 5
        np.testing.assert_array_equal(again.heart_rate, found.heart_rate)
    second_device = replace(middle, start=middle.start - 2, heart_rate=middle.heart_rate + 40)
    again = prediction.predict(model, middle, [*runs, second_device])
    np.testing.assert_array_equal(again.heart_rate, found.heart_rate)
    assert np.abs(prediction.predict(model, middle).heart_rate - found.heart_rate).max() > 0.01


def test_earlier_workouts_that_are_no_good_runs_do_not_count(model, runs):
    ride = replace(runs[0], sport="cycling")
    silent = replace(runs[1], heart_rate=np.full_like(runs[1].heart_rate, np.nan))
    assert prediction.predict(model, runs[5], [ride, silent, runs[2]]).earlier_runs == 1
    nobody = replace(runs[2], user="")
    assert prediction.predict(model, runs[5], [nobody]).earlier_runs == 1


def test_what_is_known_is_what_a_dataset_would_say(model, runs, monkeypatch):
    seen = []
    monkeypatch.setattr(prediction.evaluation, "predict", lambda model, found: seen.append(found) or [np.zeros(1)])
    prediction.predict(model, runs[-1], runs)
    from hrkeras.workouts import prepare, quality

    outcomes = (prepare.examine(run, quality.Limits()) for run in runs)
    with_history = prepare.Prepared(outcomes, ReadLog(), None)
    (given,) = seen
    assert with_history.funnel.left == len(runs)
    np.testing.assert_allclose(given.history[0], with_history.history[-1], rtol=1e-5)
    for one, other in zip(with_history.grid(len(runs) - 1), next(given.runs()).grid, strict=True):
        np.testing.assert_array_equal(one, other)
    with_history.close()


@pytest.mark.parametrize("steps", [1, WINDOW, WINDOW + 1, 1700])
def test_every_step_is_predicted(model, steps):
    found = prediction.predict(model, plain(steps))
    assert found.heart_rate.shape == (steps,)
    assert np.isfinite(found.heart_rate).all()
    assert len(found.frame()) == steps


def test_without_altitude_it_is_flat(model):
    run = plain(40)
    found = prediction.predict(model, replace(run, altitude=np.full_like(run.altitude, np.nan)))
    assert not found.has_altitude
    assert found.frame()["altitude_m"].isna().all()
    np.testing.assert_allclose(found.heart_rate, prediction.predict(model, run).heart_rate, atol=1e-3)


def test_outliers_are_left_out(model):
    run = plain(40)
    speed, heart_rate = run.speed.copy(), run.heart_rate.copy()
    speed[10], heart_rate[10] = 90, 18514
    found = prediction.predict(model, replace(run, speed=speed, heart_rate=heart_rate))
    assert found.grid.speed.max() == 3
    assert np.nanmax(found.grid.heart_rate) == 150


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (plain(40, speed=np.full(81, np.nan)), "no speed and no positions; a run needs speed or positions"),
        (plain(0.5), "duration of 5 s"),
        (plain(40, time=np.arange(81) * 1e6), "steps"),
    ],
)
def test_what_cannot_be_predicted(model, run, why):
    with pytest.raises(InputError, match=rf"^a\.gpx: cannot be predicted, .*{why}.*\.$"):
        prediction.predict(model, replace(run, where="a.gpx"))


def test_choosing(runs, tmp_path):
    path = tmp_path / "export.zip"
    days = [prediction.date(run.start) for run in runs]
    assert prediction.choose(runs, "latest", path) is runs[-1]
    assert prediction.choose(runs[::-1], "latest", path) is runs[-1]
    assert prediction.choose(runs[:1], None, path) is runs[0]
    assert prediction.choose(runs, days[3], path) is runs[3]
    assert prediction.choose(runs, days[3][:10], path) is runs[3]
    again = replace(runs[3], start=runs[3].start + 0.3)  # one run twice, as services hand them out
    assert prediction.choose([*runs, again], days[3], path) is again
    with pytest.raises(InputError, match=rf"--workout was not given: found 10 runs; choose one of ..., .*{days[-1]}, or latest"):
        prediction.choose(runs, None, path)
    with pytest.raises(InputError, match="--workout 1999-01-01: found no run of that date among 10"):
        prediction.choose(runs, "1999-01-01", path)
    afternoon = replace(runs[3], start=runs[3].start + 3600)
    with pytest.raises(InputError, match=rf"--workout {days[3][:10]}: found 2 runs; choose one of"):
        prediction.choose([*runs, afternoon], days[3][:10], path)
    with pytest.raises(InputError, match="expected a run outdoors, found 2 cycling, 1 indoor running; look"):
        prediction.choose([plain(40, sport=sport) for sport in ("cycling", "indoor running", "cycling")], None, path)
    with pytest.raises(InputError, match="found no workout"):
        prediction.choose([], "latest", path)


def test_history_comes_from_the_source_or_from_elsewhere(tmp_path):
    simulated = list(synthetic.simulate(2, 4, seed=5, flawed=0))
    for track in simulated:
        writers.write_gpx_folder([track], tmp_path / track.user)
    first = sorted((tmp_path / "1001").iterdir())
    run, others, _ = prediction.load_run(tmp_path, prediction.date(simulated[3].clock[0]), None)
    assert (run.user, len(others), {other.user for other in others}) == ("1001", 3, {"1001"})
    run, others, _ = prediction.load_run(first[0], None, None)
    assert (run.where, others) == (str(first[0]), [])
    told = []
    run, others, log = prediction.load_run(first[0], None, tmp_path / "1002", told.append)
    assert {other.user for other in others} == {"1002"}
    assert sum(told) == tracks.size(first[0]) + tracks.size(tmp_path / "1002")
    assert prediction.read_log_text(log) == ""
    (tmp_path / "1002" / "broken.gpx").write_text("<gpx")
    _, _, log = prediction.load_run(first[0], None, tmp_path / "1002")
    assert prediction.read_log_text(log).startswith("1 x ")
    assert "broken.gpx" in prediction.read_log_text(log)


def test_history_columns_of_a_first_run(model, runs):
    """Nobody's first run: all but the count of runs is unknown."""
    assert np.isnan(history.before(0, np.empty(0), np.empty((0, 5)))[:-1]).all()
    assert prediction.predict(model, runs[0], runs).earlier_runs == 0
