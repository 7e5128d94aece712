"""Predicting a run that a person brings."""

import json
import subprocess
import sys
import time
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from hrkeras import models
from hrkeras.athlete.following import follow
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import default
from hrkeras.datasets import windows
from hrkeras.personal import athlete_update, prediction, prediction_text, run_choice
from hrkeras.utils.errors import InputError
from hrkeras.workouts import clock, prepare, quality
from hrkeras.workouts.readers import source, tracks
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation import formats, synthetic
from hrkeras.workouts.workout import Workout

ROOT = Path(__file__).resolve().parents[2]


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


def known(workouts, until) -> AthleteState:
    athlete = AthleteState()
    athlete_update.learn_from(athlete, workouts, until)
    return athlete


@pytest.fixture(params=[False, True], ids=["filter", "model"])
def by(request):
    """Predicting by the state alone and with a model on top."""
    loaded = request.getfixturevalue("model") if request.param else None
    return lambda run, earlier=(): prediction.predict(run, known(earlier, run.start), loaded)


def test_its_own_heart_rate_is_not_looked_at(by, runs):
    found = by(runs[-1], runs[:-1])
    assert found.error is not None
    for other in (runs[-1].heart_rate + 30, np.full_like(runs[-1].heart_rate, np.nan)):
        changed = by(replace(runs[-1], heart_rate=other), [*runs[:-1], runs[-1]])
        np.testing.assert_array_equal(changed.heart_rate, found.heart_rate)
    assert changed.error is None
    assert changed.to_frame()["measured_heart_rate"].isna().all()


def test_error_by_hand(by, tmp_path):
    found = by(plain(40))
    assert found.error == pytest.approx(np.abs(found.heart_rate - 150).mean())
    frame = found.to_frame()
    assert list(frame) == ["time_s", "speed_m_s", "altitude_m", "heart_rate", "low", "high", "measured_heart_rate"]
    assert frame["time_s"].tolist() == list(range(0, 400, 10))
    assert set(frame["speed_m_s"]) == {3.0}
    np.testing.assert_allclose(frame["heart_rate"], found.heart_rate, atol=0.0501)
    np.testing.assert_allclose(frame["low"], found.low, atol=0.0501)
    np.testing.assert_allclose(frame["high"], found.high, atol=0.0501)
    found.to_csv(tmp_path / "run.csv")
    assert (tmp_path / "run.csv").read_text() == frame.to_csv(index=False)
    assert found.inside == pytest.approx(((found.low <= 150) & (found.high >= 150)).mean())


def test_for_programs(runs):
    half = replace(runs[0], heart_rate=np.where(runs[0].time < 900, runs[0].heart_rate, np.nan))
    predicted = prediction.predict(half, AthleteState())
    told = json.loads(json.dumps(prediction_text.as_dict(predicted), allow_nan=False))
    assert told["measured_share"] == pytest.approx(900 / half.duration, abs=0.01)
    seldom = f"(heart rate in {100 * told['measured_share']:.0f} % of the run)"
    off = told["measured_mean"] - told["predicted_mean_where_measured"]
    means = (
        f"Measured mean {told['measured_mean']:.1f} {seldom}, {abs(off):.1f} {'above' if off > 0 else 'below'} what is predicted"
    )
    assert prediction_text.lines(predicted)[1].startswith(means)
    frame = predicted.to_frame()
    for name in ("heart_rate", "low", "high"):
        np.testing.assert_allclose(told[name], frame[name], atol=0.051)
    assert (told["mean_absolute_error"], told["measured_mean"]) == pytest.approx((predicted.error, predicted.means[0]), abs=0.06)
    silent = replace(half, heart_rate=np.full(len(half), np.nan), start=np.nan)
    told = prediction_text.as_dict(prediction.predict(silent, AthleteState()))
    assert (told["start"], told["measured_mean"], told["mean_absolute_error"], told["share_in_interval"]) == (None,) * 4
    assert prediction_text.remarks(silent, 0) == ["The run's date is unknown, since its clock was not set."]


def test_the_state_alone_says_what_the_filter_expects(runs):
    athlete = known(runs, runs[6].start)
    assert athlete.count == 6
    found = prediction.predict(runs[6], athlete)
    said = athlete.predict(runs[6].start, found.grid)
    np.testing.assert_array_equal(found.heart_rate, said.expected[:, 0])
    np.testing.assert_allclose(
        found.high - found.low, (athlete.interval.limits[1] - athlete.interval.limits[0]) * said.standard_deviation, rtol=1e-4
    )
    stranger = prediction.predict(runs[6])
    assert (found.high - found.low).mean() < (stranger.high - stranger.low).mean()
    assert (found.earlier_runs, found.step) == (6, 10)


def test_the_filter_comes_nearer_with_each_run(runs):
    errors = [prediction.predict(run, known(runs, run.start)).error for run in runs]
    strangers = [prediction.predict(run).error for run in runs]
    assert errors[0] == strangers[0]
    assert np.mean(errors[5:]) < 0.7 * np.mean(strangers[5:])


def test_predicting_changes_nothing_of_what_is_known(by, runs):
    athlete = known(runs, runs[6].start)
    before = deepcopy(athlete)
    prediction.predict(runs[6], athlete)
    for name in ("weights", "covariance", "residuals", "starts", "ends", "records", "count"):
        np.testing.assert_array_equal(getattr(athlete, name), getattr(before, name))


def test_only_earlier_runs_that_are_over_count(by, runs):
    middle = runs[5]
    found = by(middle, runs)
    assert found.earlier_runs == 5
    for workouts in (runs[:5], runs[:5][::-1], [*runs[:5], *runs[:2]]):
        again = by(middle, workouts)
        assert again.earlier_runs == 5
        np.testing.assert_array_equal(again.heart_rate, found.heart_rate)
    second_device = replace(middle, start=middle.start - 2, heart_rate=middle.heart_rate + 40)
    again = by(middle, [*runs, second_device])
    np.testing.assert_array_equal(again.heart_rate, found.heart_rate)
    assert np.abs(by(middle).heart_rate - found.heart_rate).max() > 0.01


def test_a_state_that_knows_what_came_later_does_not_predict(model, runs):
    everything = known(runs, np.inf)
    with pytest.raises(
        InputError, match=rf"run of {clock.date(runs[5].start)} UTC .* learnt from this very run; give the folder"
    ):
        prediction.predict(runs[5], everything, model)
    between = replace(runs[5], start=(runs[5].start + runs[6].start) / 2)
    with pytest.raises(InputError, match=rf"learnt from the later run of {clock.date(runs[-1].start)} UTC;"):
        prediction.predict(between, everything)
    halfway = replace(runs[-1], start=runs[-1].start + runs[-1].duration / 2)
    with pytest.raises(InputError, match="this very run"):
        prediction.predict(halfway, everything)
    after = replace(runs[-1], start=runs[-1].start + runs[-1].duration)
    assert prediction.predict(after, everything).earlier_runs == len(runs)


def test_a_state_from_elsewhere_does_not_fit_a_model(model, runs):
    other = AthleteState(replace(default(), level=46.0, source="watches"))
    with pytest.raises(InputError, match=r"state starts from another population \(watches\) than .* `hrkeras update NEW.json"):
        prediction.predict(runs[0], other, model)
    assert prediction.predict(runs[0], other).earlier_runs == 0
    own = models.gru(units=4, num_layers=1, statistics=models.Statistics(population=other.population.as_dict()))
    assert prediction.population(own) == other.population
    assert prediction.population(model) == prediction.population() == default()
    found = prediction.predict(runs[0], other, own)
    np.testing.assert_array_equal(found.heart_rate, prediction.predict(runs[0], None, own).heart_rate)
    with pytest.raises(InputError, match="another population"):
        prediction.predict(runs[0], AthleteState(), own)


def test_a_model_of_other_steps_is_refused(runs):
    other = models.gru(units=4, num_layers=1)
    other.get_layer("run_features").step = 5.0
    with pytest.raises(InputError, match="steps of 10 s, found one of 5 s"):
        prediction.predict(runs[0], None, other)


def test_earlier_workouts_that_are_no_good_runs_do_not_count(by, runs):
    ride = replace(runs[0], sport="cycling")
    silent = replace(runs[1], heart_rate=np.full_like(runs[1].heart_rate, np.nan))
    assert by(runs[5], [ride, silent, runs[2]]).earlier_runs == 1
    nobody = replace(runs[2], user="")
    assert by(runs[5], [nobody]).earlier_runs == 1


def test_what_is_known_is_what_a_dataset_would_say(model, runs, monkeypatch):
    seen = []
    monkeypatch.setattr("hrkeras.evaluation.predict.predict", lambda model, found, _: seen.append(found) or [np.zeros(1)])
    prediction.predict(runs[-1], known(runs, runs[-1].start), model)
    outcomes = (prepare.examine(run, quality.Limits()) for run in runs)
    prepared = prepare.Prepared(outcomes, ReadLog())
    (given,) = seen
    assert prepared.funnel.left == len(runs)
    *_, (last, said) = follow(prepared.starts, list(prepared.grids()))
    assert last == len(runs) - 1
    np.testing.assert_array_equal(given.history[0], said.history)
    np.testing.assert_array_equal(given.course[0], said.course)
    np.testing.assert_array_equal(given.expected[0], said.expected[: windows.WINDOW])
    for one, other in zip(prepared.grid(len(runs) - 1), next(given.runs()).grid, strict=True):
        np.testing.assert_array_equal(one, other)
    prepared.close()


@pytest.mark.parametrize("steps", [1, windows.WINDOW, windows.WINDOW + 1, 1700])
def test_every_step_is_predicted(by, steps):
    found = by(plain(steps))
    assert found.heart_rate.shape == (steps,)
    assert np.isfinite(found.heart_rate).all()
    assert (found.low < found.high).all()
    assert len(found.to_frame()) == steps


def test_without_altitude_it_is_flat(by):
    run = plain(40)
    found = by(replace(run, altitude=np.full_like(run.altitude, np.nan)))
    assert not found.has_altitude
    assert found.to_frame()["altitude_m"].isna().all()
    np.testing.assert_allclose(found.heart_rate, by(run).heart_rate, atol=1e-3)


def test_an_altitude_that_never_changes_is_none(by, runs):
    assert not by(plain(40)).has_altitude
    assert by(runs[0]).has_altitude


def test_a_run_of_unknown_date_follows_what_is_known(by, runs):
    undated = replace(plain(40), start=np.nan, first_clock=12.0)
    found = by(undated)
    assert np.isnan(found.start)
    assert np.isfinite(found.heart_rate).all()
    found, dated = by(undated, runs), by(replace(undated, start=runs[-1].start + 86_400), runs)
    np.testing.assert_array_equal(found.heart_rate, dated.heart_rate)
    assert (found.earlier_runs, found.warnings) == (len(runs), dated.warnings)


def test_a_ride_is_doubted():
    ride = plain(300, speed=np.full(601, 7.5))
    assert "27.0 km/h over 50 min is above the world record" in prediction.predict(ride).warnings[0]
    assert not any("record" in doubt for doubt in prediction.predict(plain(300)).warnings)


def test_standing_is_doubted():
    still = prediction.predict(plain(90, speed=np.full(181, 0.1)))
    assert still.warnings[0] == "it stands nearly all the time, at a mean speed of 0.4 km/h, so its heart rate is no runner's."
    assert not any("stands" in doubt for doubt in prediction.predict(plain(90, speed=np.full(181, 0.3))).warnings)


def test_a_run_of_seconds_has_its_seconds():
    assert "unknown date, 30 s: predicted" in prediction_text.lines(prediction.predict(plain(3, start=np.nan)))[0]


def test_a_run_longer_than_any_known_is_doubted(by):
    assert "it lasts 7 h 00 min, and nothing was learnt from runs of more than 6 h" in by(plain(7 * 360)).warnings[0]


def test_outliers_are_left_out():
    run = plain(40)
    speed, heart_rate = run.speed.copy(), run.heart_rate.copy()
    speed[10], heart_rate[10] = 90, 18514
    found = prediction.predict(replace(run, speed=speed, heart_rate=heart_rate))
    assert found.grid.speed.max() == 3
    assert np.nanmax(found.grid.heart_rate) == 150


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (plain(40, speed=np.full(81, np.nan)), "no speed and no positions; a run needs speed or positions"),
        (plain(0.5), "it lasts 5 s"),
        (plain(40, time=np.arange(81) * 1e6), "takes at most 1,000,000 s"),
    ],
)
def test_what_cannot_be_predicted(run, why):
    with pytest.raises(InputError, match=rf"^a\.gpx: cannot be predicted, .*{why}.*\.$"):
        prediction.predict(replace(run, where="a.gpx"))


def test_choosing(runs, tmp_path):
    path = tmp_path / "export.zip"
    days = [clock.date(run.start) for run in runs]
    assert run_choice.choose(runs, "latest", path) is runs[-1]
    assert run_choice.choose(runs[::-1], "latest", path) is runs[-1]
    assert run_choice.choose(runs[:1], None, path) is runs[0]
    assert run_choice.choose(runs, days[3], path) is runs[3]
    assert run_choice.choose(runs, days[3][:10], path) is runs[3]
    there = replace(runs[3], start=1_750_086_240.0, utc_offset=28_800.0)
    for name in ("2025-06-16 23:04 UTC+8", "2025-06-16T23:04+08:00", "2025-06-16T15:04Z", "16 June 2025", "16 Jun 2025"):
        assert run_choice.choose([*runs, there], name, path) is there
    again = replace(runs[3], start=runs[3].start + 0.3)  # one run twice, as services hand them out
    assert run_choice.choose([*runs, again], days[3], path) is runs[3]
    seldom = replace(runs[3], start=runs[3].start - 90, heart_rate=np.full(len(runs[3]), np.nan), heart_rate_samples=0)
    assert run_choice.choose([seldom, *runs], days[3][:10], path) is runs[3]  # another device's, which tells less
    assert run_choice.choose([seldom, *runs], clock.date(seldom.start), path) is seldom  # unless it is what was named
    with pytest.raises(InputError, match=rf"expected one run, found 10 runs; choose one of ..., .*{days[-1]}, or latest"):
        run_choice.choose(runs, None, path)
    with pytest.raises(InputError, match="expected one run of 1999-01-01, found none such among 10 runs"):
        run_choice.choose(runs, "1999-01-01", path)
    afternoon = replace(runs[3], start=runs[3].start + 3600)
    with pytest.raises(InputError, match=rf"expected one run of {days[3][:10]}, found 2 runs; choose one of"):
        run_choice.choose([*runs, afternoon], days[3][:10], path)
    both = f"choose one of {days[3]}, {clock.date(afternoon.start)}, or latest"
    for hour in (f"{days[3][:10]} 03:59", f"{days[3][:10]}T03:59Z", f"{clock.local(runs[3].start):%-d %B %Y} at four"):
        with pytest.raises(InputError, match=f"expected one run of {hour}, found none such among 2 of that day; {both}"):
            run_choice.choose([*runs, afternoon], hour, path)
    treadmill = replace(runs[3], sport="indoor running", start=runs[-1].start + 1e7)
    day = clock.date(treadmill.start)[:10]
    with pytest.raises(
        InputError, match=f"expected one run of {day}, found none such among 10 runs, but 1 indoor running workout;"
    ):
        run_choice.choose([*runs, treadmill], day, path)
    morning, night = (
        replace(there, start=there.start + hours * 3600) for hours in (-14, 2)
    )  # 09:04 of that day, 01:04 of the next
    assert run_choice.choose([*runs, morning, night], "2025-06-16", path) is morning
    with pytest.raises(InputError, match="found 2 cycling, 1 indoor running workouts; `hrkeras estimate --all` takes"):
        run_choice.choose([plain(40, sport=sport) for sport in ("cycling", "indoor running", "cycling")], None, path)
    with pytest.raises(InputError, match="found no workout"):
        run_choice.choose([], "latest", path)
    log = ReadLog()
    log.skip("route file missing", "export.xml: workout 2024-06-16 08:00")
    with pytest.raises(InputError, match=r"found 1 yoga workout; 1 x route file missing \(first: export.xml: workout"):
        run_choice.choose([plain(40, sport="yoga")], None, path, log)


def test_the_latest_is_not_one_of_a_wrong_clock(runs):
    late = replace(runs[0], start=time.time() + 9e7)
    assert run_choice.choose([*runs, late], "latest", Path("a")) is runs[-1]
    assert run_choice.choose([late], "latest", Path("a")) is late
    said = prediction_text.remarks(late, 0)
    assert len(said) == 1
    assert said[0].startswith("1 run is dated in the future")


def test_runs_of_unknown_date_can_be_chosen(runs, tmp_path):
    undated = [replace(run, start=np.nan, where=f"{number}.gpx") for number, run in enumerate(runs[:2])]
    assert run_choice.choose(undated[:1], None, tmp_path) is undated[0]
    assert run_choice.choose([*undated, *runs], "latest", tmp_path) is runs[-1]
    assert run_choice.choose([undated[0], *runs], "unknown date", tmp_path) is undated[0]
    with pytest.raises(InputError, match="found 2 runs; choose latest, or give the file of one run alone"):
        run_choice.choose(undated, None, tmp_path)
    with pytest.raises(InputError, match=f"found 3 runs; choose one of {clock.date(runs[2].start)}, or latest, or give"):
        run_choice.choose([*undated, runs[2]], None, tmp_path)
    with pytest.raises(InputError, match="found 2 runs; choose one of unknown date, 20.*, or latest.$"):
        run_choice.choose([undated[0], runs[2]], None, tmp_path)


def test_history_comes_from_the_source_or_from_elsewhere(tmp_path):
    simulated = list(synthetic.simulate(2, 4, seed=5, flawed=0))
    for track in simulated:
        formats.write_gpx_folder([track], tmp_path / track.user)
    first = sorted((tmp_path / "1001").iterdir())
    run, others, _ = run_choice.load_run(tmp_path, clock.date(simulated[3].clock[0]))
    assert (run.user, len(others), {other.user for other in others}) == ("1001", 3, {"1001"})
    with pytest.raises(InputError, match=r"found those of 2 \(1001, 1002\)"):
        run_choice.load_run(tmp_path, "latest")
    run, others, _ = run_choice.load_run(first[0], None)
    assert (run.where, others) == (str(first[0]), [])
    told = []
    run, others, log = run_choice.load_run(first[0], None, [tmp_path / "1002"], told.append)
    assert {other.user for other in others} == {"1002"}
    assert sum(told) == tracks.size(first[0]) + tracks.size(tmp_path / "1002")
    assert source.read_log_text(log) == ""
    (tmp_path / "1002" / "broken.gpx").write_text("<gpx")
    _, _, log = run_choice.load_run(first[0], None, [tmp_path / "1002"])
    assert source.read_log_text(log).startswith("1 x ")
    assert "broken.gpx" in source.read_log_text(log)
    log.pass_over("times between heartbeats", "a.fit")
    skipped, passed_over = source.read_log_lines(log)
    assert skipped.startswith("Skipped while reading: 1 x ")
    assert "heartbeats" not in skipped
    assert passed_over == "Passed over in workouts that were read: 1 x times between heartbeats (first: a.fit)"
    _, others, _ = run_choice.load_run(first[0], None, [tmp_path / "1002", tmp_path / "1001"])
    assert len(others) == 7  # the run itself is no history


def test_a_history_of_several_people_tells_of_the_one_that_ran(tmp_path):
    simulated = list(synthetic.simulate(3, 4, seed=5, flawed=0))
    for track in simulated:
        formats.write_gpx_folder([track], tmp_path / "all" / track.user)
    path = min((tmp_path / "all" / "1002").iterdir())
    _, others, _ = run_choice.load_run(path, None, [tmp_path / "all"])
    assert {other.user for other in others} == {"1002"}
    (tmp_path / "run.gpx").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"all: expected the runs of one person, found those of 3 \(1001, 1002, 1003\)"):
        run_choice.load_run(tmp_path / "run.gpx", None, [tmp_path / "all"])


def test_the_state_alone_needs_no_heavy_library(tmp_path):
    code = (
        "import sys, numpy as np; from hrkeras.personal import prediction; from hrkeras.workouts.workout import Workout; "
        "t = np.arange(0, 900, 3.0); o = np.ones(300); "
        "f = prediction.predict(Workout(t, 3 * o, o, 150 * o, 'a', 'running', 1.6e9)); assert f.heart_rate.shape == (89,); "
        "print(*{'keras', 'tensorflow', 'torch', 'jax', 'matplotlib', 'pandas'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == []
