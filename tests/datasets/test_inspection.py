"""An inspection says what numpy and a build say, and finds what was put into simulated runs."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hrkeras.cli.shared import json_line
from hrkeras.datasets.inspection import inspection_plots, inspection_text
from hrkeras.datasets.inspection.correlations import LAGS, LagCurve, Moments
from hrkeras.datasets.inspection.inspection import LOOSER, SAMPLE, Inspection, Shown, inspect
from hrkeras.utils.errors import InputError
from hrkeras.workouts import prepare, quality
from hrkeras.workouts.effort import graded_speed
from hrkeras.workouts.grid import Grid, resample
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation import synthetic
from hrkeras.workouts.workout import from_points

pytestmark = pytest.mark.usefixtures("drawn")


@pytest.fixture(scope="module")
def workouts():
    return list(synthetic.read(athletes=3, runs=25, seed=4))


@pytest.fixture(scope="module")
def found(workouts):
    return inspect(workouts)


def run_of(workouts, sport="running"):
    return next(w for w in workouts if w.sport == sport and quality.taken_by(w, quality.Limits()) in (None, "sport"))


def test_runs_indoors_are_told_in_singular_and_plural(workouts, tmp_path):
    outdoors = run_of(workouts)
    for number, said in ((1, "- 1 run indoors or without a route: nothing is learnt from its"), (2, "- 2 runs indoors")):
        inside = [replace(outdoors, sport="indoor running", start=outdoors.start + 86_400.0 * (1 + day)) for day in range(number)]
        assert said in inspection_text.text(inspect([outdoors, *inside]), tmp_path, "tracks")


def test_moments_equal_numpys_own():
    rng = np.random.default_rng(0)
    runs = [rng.normal(size=(3, size)) + rng.normal(scale=5, size=(3, 1)) for size in (5, 40, 9)]
    moments = Moments()
    for run in runs:
        np.testing.assert_allclose(moments.add(run), np.corrcoef(run), atol=1e-9)
    np.testing.assert_allclose(moments.pooled, np.corrcoef(np.concatenate(runs, axis=1)), atol=1e-9)
    centred = np.concatenate([run - run.mean(axis=1, keepdims=True) for run in runs], axis=1)
    np.testing.assert_allclose(moments.within, np.corrcoef(centred), atol=1e-9)


def test_moments_compare_a_pair_where_both_are_measured():
    values = np.array([[1.0, 2, 3, 5, np.nan], [2, np.nan, 1, 7, 1], [5, 1, np.nan, 2, 2]])
    moments = Moments()
    moments.add(values)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        both = np.isfinite(values[[one, other]]).all(axis=0)
        assert moments.pooled[one, other] == pytest.approx(np.corrcoef(values[[one, other]][:, both])[0, 1])


def test_moments_of_what_does_not_vary_or_is_unmeasured_are_nan():
    moments = Moments()
    moments.add(np.array([np.arange(9.0), np.full(9, 1234.5), np.full(9, np.nan)]))
    assert moments.pooled[0, 0] == 1
    assert np.isnan(moments.pooled[0, 1:]).all()
    assert np.isnan(Moments().within).all()


def test_lag_curve_equals_direct_computation():
    rng = np.random.default_rng(1)
    grids, curve = [], LagCurve()
    for steps in (90, 31, 200, 20):
        heart_rate = 140 + rng.normal(size=steps)
        heart_rate[rng.random(steps) < 0.1] = np.nan
        grids.append(Grid(3 + rng.normal(size=steps), 5 * rng.normal(size=steps).cumsum(), heart_rate))
        curve.add(grids[-1])
    used = [grid for grid in grids if np.isfinite(grid.heart_rate[30:]).sum() > 1]
    for row, speed_of in enumerate((lambda grid: grid.speed, lambda grid: graded_speed(grid.speed, grid.altitude))):
        for place in (0, 7, 30):
            pairs = []
            for grid in used:
                at = np.flatnonzero(np.isfinite(grid.heart_rate[30:])) + 30
                both = np.stack([speed_of(grid)[at - place], grid.heart_rate[at]])
                pairs.append(both - both.mean(axis=1, keepdims=True))
            expected = np.corrcoef(np.concatenate(pairs, axis=1))[0, 1]
            assert curve.correlation[row, place] == pytest.approx(expected)


@pytest.mark.parametrize("delay", [0, 40, 120])
def test_lag_curve_finds_a_pure_delay(delay):
    speed = 3 + np.random.default_rng(2).normal(size=400)
    curve = LagCurve()
    curve.add(Grid(speed, np.zeros(400), 100 + 10 * np.roll(speed, delay // 10)))
    assert curve.best[0] == delay
    assert curve.correlation[0].max() == pytest.approx(1)
    assert curve.is_clear


def test_no_lag_without_runs():
    assert LagCurve().best == [None, None]
    assert not LagCurve().is_clear


@pytest.mark.parametrize("rise", [20.0, 60.0])
def test_lag_grows_with_the_athletes_time_constant(rise):
    # A first-order answer to effort that wanders over minutes lags by about its time constant, less where the effort
    # changes faster; from half to once the constant, and a step of the grid, are allowed.
    athlete = synthetic.SimulatedAthlete(rise=rise, recovery=rise, drift=0)
    rng = np.random.default_rng(3)
    curve = LagCurve()
    for _ in range(8):
        speed = 2.6 + np.repeat(rng.uniform(-0.8, 0.8, 30), 90)
        heart_rate = synthetic.respond(athlete, speed, np.zeros(len(speed)), athlete.threshold)
        curve.add(resample(from_points(1.6e9 + np.arange(len(speed)), speed=speed, heart_rate=heart_rate)))
    assert 0.5 * rise - 10 <= curve.best[0] <= rise + 10


def test_lag_of_simulated_athletes_is_that_of_their_hearts(found):
    assert 10 <= found.lags.best[0] <= 50  # time constants of 28 to 55 s, effort that changes within a minute
    assert found.lags.is_clear
    assert found.lags.correlation[1].max() > found.lags.correlation[0].max()  # they feel the hills


def test_funnel_is_that_of_a_build(workouts, found):
    limits = quality.Limits()
    prepared = prepare.Prepared((prepare.examine(w, limits) for w in workouts), ReadLog())
    assert found.funnel.as_dict() == prepared.funnel.as_dict()
    assert found.funnel.taken[quality.DUPLICATE]
    prepared.close()


def test_counts(workouts, found):
    runs = [w for w in workouts if w.sport == "running"]
    assert found.funnel.workouts == len(workouts) == found.sports.total() == found.people.total()
    assert sum(year.runs for year in found.years.values()) == len(runs) - found.funnel.taken[quality.DUPLICATE]
    assert sum(year.usable for year in found.years.values()) == found.funnel.left == found.usable_by_person.total()
    assert found.hours == pytest.approx(sum(w.duration for w in workouts) / 3600)
    starts = [workout.start for workout in workouts]
    assert (found.first and found.first[0], found.last and found.last[0]) == (min(starts), max(starts))
    year = min(found.years)
    mine = [w for w in runs if np.datetime64(int(w.start), "s").astype("datetime64[Y]").astype(int) + 1970 == year]
    rates = [60 * np.isfinite(w.heart_rate).sum() / w.duration for w in mine if np.isfinite(w.heart_rate).any()]
    assert found.years[year].heart_rates_a_minute == pytest.approx(np.median(rates))


def test_correlations_are_those_of_all_points_at_once(workouts, found):
    runs = [quality.without_outliers(w, quality.Limits()) for w in workouts if w.sport == "running"]
    raw = np.concatenate([[w.speed, w.altitude, w.heart_rate] for w in runs], axis=1)
    both = np.isfinite(raw[[0, 2]]).all(axis=0)
    assert found.raw.pooled[0, 2] == pytest.approx(np.corrcoef(raw[[0, 2]][:, both])[0, 1])
    prepared = {(run.user, round(run.start)): run for run in map(examine, workouts) if not isinstance(run, str)}
    grids = [np.stack(run.grid).astype(np.float64) for run in prepared.values()]
    centred = [g[:, k] - g[:, k].mean(axis=1, keepdims=True) for g in grids for k in [np.isfinite(g[2])]]
    assert found.processed.within[0, 2] == pytest.approx(np.corrcoef(np.concatenate(centred, axis=1))[0, 2])
    assert found.run_correlation == pytest.approx(np.median([np.corrcoef(run)[0, 2] for run in centred]))
    assert found.typical.correlation == pytest.approx(found.run_correlation, abs=0.02)
    assert found.latest.start == max(run.start for run in prepared.values())


def examine(workout):
    return prepare.examine(workout, quality.Limits())


def test_regained_pass_with_the_looser_limit():
    points = np.arange(200.0)
    run = from_points(
        1.6e9 + 10 * points,
        latitude=points / 1e4,
        longitude=points / 1e4,
        altitude=points,
        heart_rate=points / 2 + 60,
        user="1",
        sport="running",
    )
    holed = replace(run, heart_rate=np.where(points < 120, np.nan, run.heart_rate))
    none = replace(run, heart_rate=np.full(200, np.nan))
    found = inspect([run, holed, none])
    assert found.funnel.taken == {"heart_rate": 2}
    assert found.regained == {"heart_rate": 1}
    assert set(LOOSER) | {"sport", quality.DUPLICATE} == set(quality.REASONS)


def test_workouts_of_unknown_date_are_counted(workouts, tmp_path):
    run = run_of(workouts)
    undated = replace(run, start=np.nan)
    one = inspect([undated])
    assert (one.first, one.undated, one.funnel.taken) == (None, 1, {"metadata": 1})
    assert "running, unknown date, " in inspection_text.text(one, tmp_path, "tracks")
    assert json.loads(json_line(one.as_dict()))["first_day"] is None
    several = inspect([undated, run, undated])
    assert several.first == several.last
    assert (several.first[0], several.undated, several.funnel.left) == (run.start, 2, 1)
    assert "(UTC), 2 of unknown date, " in inspection_text.text(several, tmp_path, "tracks")
    assert sum(year.runs for year in several.years.values()) == 1
    assert inspection_plots.draw(one, tmp_path)


def test_a_limit_that_contradicts_a_looser_one_is_no_error(workouts):
    assert inspect(workouts[:1], quality.Limits().override(["min_duration=0", "max_duration=60"])).funnel.workouts == 1


def test_memory_does_not_grow_with_the_runs(workouts):
    run, found = run_of(workouts), Inspection()
    for number in range(SAMPLE + 50):
        found.add(replace(run, start=run.start + 1e5 * number))
    found.finish()
    assert found.funnel.left == SAMPLE + 50
    assert len(found._sample) == SAMPLE


def test_no_workout_is_an_input_error():
    log = ReadLog()
    log.skip("not XML", "a.gpx")
    with pytest.raises(InputError, match="not XML"):
        inspect([], log=log)


@pytest.mark.parametrize("kind", list(inspection_text.KINDS))
def test_text_and_pictures_of_many(found, kind, tmp_path):
    text = inspection_text.text(found, tmp_path, kind)
    assert f"- Used {found.funnel.left:,} of {found.funnel.workouts:,} recordings. Not used: " in text
    assert found.funnel.left + found.funnel.left_out.total() == found.funnel.workouts
    assert f"Next: hrkeras build {inspection_text.KINDS[kind][1]} {tmp_path}" in text
    assert text.isascii()
    assert not any(user in text for user in found.people)
    pictures = inspection_plots.draw(found, tmp_path)
    assert {p.name for p in pictures} == {
        "funnel.png", "heart_rates_by_year.png", "correlations.png", "lag.png", "typical_run.png", "faults.png"
    }  # fmt: skip
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in pictures)
    assert len(json.loads(json_line(found.as_dict()))["lag"]["correlation"]["speed"]) == len(LAGS)


def test_one_run(workouts, tmp_path):
    path = tmp_path / "run.gpx"
    path.touch()
    found = inspect([run_of(workouts)])
    text = inspection_text.text(found, path, "tracks")
    assert "This run can be used" in text
    assert f"Next: hrkeras predict {path}" in text
    assert [p.name for p in inspection_plots.draw(found, tmp_path)] == ["correlations.png", "lag.png", "workout.png"]


def test_one_run_without_heart_rate(workouts, tmp_path):
    path = tmp_path / "run.gpx"
    path.touch()
    run = run_of(workouts)
    nothing = np.full(len(run), np.nan)
    found = inspect([replace(run, heart_rate=nothing, altitude=nothing, heart_rate_samples=0)])
    text = inspection_text.text(found, path, "tracks")
    assert "heart rate incomplete); its heart rate can still be predicted" in text
    assert [p.name for p in inspection_plots.draw(found, tmp_path)] == ["workout.png"]
    json.loads(json_line(found.as_dict()))


def test_noise_is_drawn_as_none_and_a_minute_of_heart_rate_in_its_place(drawn, tmp_path):
    heart_rate = np.full(180, np.nan, np.float32)
    heart_rate[6:12] = 194.5
    grid = Grid(np.full(180, 2.8, np.float32), np.linspace(0.02, 0.1, 180, dtype=np.float32), heart_rate)
    inspection_plots.sheet(Shown(grid, 0.9, 0.0, "2025-06-16"), "A run", tmp_path / "run.png")
    curves, against = drawn[0].axes[:3], drawn[0].axes[3]
    assert [axes.get_xlim() for axes in curves] == [(0, 30)] * 3
    assert [np.ptp(axes.get_ylim()) for axes in curves] == pytest.approx([20, 4, 30])
    assert against.get_title(loc="left") == "Heart rate against speed"


@pytest.mark.parametrize(
    ("years", "sparse", "said"),
    [([2023], 1, "too seldom in 2023"), ([2023], 0, "often enough in 2023"), ([2020, 2021], 1, "too seldom in 1 of 2 years")],
)
def test_how_often_heart_rate_was_measured(years, sparse, said):
    assert inspection_plots._how_often(years, sparse) == f"Heart rate was measured {said}"


def test_another_sport(workouts, tmp_path):
    path = tmp_path / "ride.gpx"
    path.touch()
    found = inspect([run_of(workouts, "cycling")])
    text = inspection_text.text(found, path, "tracks")
    assert "its sport is cycling); nor can its heart rate be predicted" in text
    assert "Next" not in text


def test_zero_usable_runs_of_many(workouts, tmp_path):
    found = inspect([replace(w, heart_rate=np.full(len(w), np.nan)) for w in workouts])
    text = inspection_text.text(found, tmp_path, "tracks")
    assert "0 of" in text
    assert "Not used: 73 x heart rate incomplete" in text
    assert "Next" not in text  # there are several people
    one = inspect([replace(w, heart_rate=np.full(len(w), np.nan), user="me") for w in workouts])
    assert f"Next: hrkeras estimate {tmp_path}" in inspection_text.text(one, tmp_path, "tracks")
    assert "Next" not in inspection_text.text(one, tmp_path, "endomondo")
    inspection_plots.draw(found, tmp_path)


def test_changed_limits_are_in_the_next_command(workouts, tmp_path):
    found = inspect(workouts, quality.Limits(sports=("running", "trail running"), require_user=False, min_points=20))
    assert inspection_text.commands(found, tmp_path, "tracks") == [
        f"hrkeras build tracks {tmp_path} --limit 'sports=running,trail running' --limit min_points=20 --limit require_user=no"
    ]


def test_sparse_heart_rate_is_said(workouts, tmp_path):
    found = inspect([replace(w, heart_rate_samples=int(w.duration / 60)) for w in workouts])
    assert found.sparse_years() == sorted(found.years)
    assert "Apple merges" in inspection_text.text(found, tmp_path, "apple_health")


def test_of_several_people_one_person_s_folder_is_named_or_nothing(workouts, tmp_path):
    run = run_of(workouts)
    found = inspect([replace(run, user="ada"), replace(run, user="ben", start=run.start + 9e5)])
    assert inspection_text.commands(found, tmp_path, "tracks") == []
    (tmp_path / "ada").mkdir()
    assert inspection_text.commands(found, tmp_path, "tracks") == [
        f"hrkeras predict RUN.gpx --history {tmp_path / 'ada'} --output prediction.csv"
    ]


def test_an_estimated_heart_rate_is_none(workouts, tmp_path):
    estimated, path = replace(run_of(workouts), estimated=True), tmp_path / "run.gpx"
    path.touch()
    said = inspection_text.text(inspect([estimated]), path, "tracks")
    assert "This workout cannot be learnt from (heart rate estimated, not measured); its heart rate" in said
    assert "times a minute" not in said
    assert "No fault" not in said
    several = inspect([estimated, replace(estimated, start=estimated.start + 1e5)])
    said = inspection_text.text(several, tmp_path, "tracks")
    assert "2 workouts have a heart rate that hrkeras estimated: it counts as none." in said
    assert "Next" not in said
    assert several.as_dict()["estimated"] == 2
