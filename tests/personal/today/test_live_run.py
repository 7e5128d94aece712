"""A run while it goes on: the same step by step as in one go, and the right way round."""

from math import nan

import numpy as np
import pytest

from hrkeras.athlete import facts
from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import athlete_update
from hrkeras.personal.today import live_run, today_plot, today_text
from hrkeras.utils import plotting
from hrkeras.utils.errors import InputError
from hrkeras.workouts.simulation import synthetic


@pytest.fixture(scope="module")
def runs():
    return athlete_update.usable(synthetic.read(athletes=1, runs=25, seed=5, flawed=0, faulty=0))


@pytest.fixture(scope="module")
def athlete(runs):
    state = AthleteState()
    athlete_update.learn(state, runs[:-1])
    return state


@pytest.fixture(scope="module")
def last(runs):
    return runs[-1]


def after(athlete, run, minutes, shift=0.0):
    grid = type(run.grid)(*(column[: 6 * minutes] for column in run.grid))
    grid = grid._replace(heart_rate=grid.heart_rate + np.float32(shift))
    (live,) = live_run.followed(live_run.LiveRun(athlete, run.start), grid, every=10**6)
    return live


def test_step_by_step_is_the_same_as_in_one_go(athlete, last):
    stepped, whole = live_run.LiveRun(athlete, last.start), after(athlete, last, 10)
    for speed, altitude, heart_rate in zip(*(column[:60].astype(float) for column in last.grid), strict=True):
        stepped.step(speed, altitude, heart_rate)
    assert stepped.minutes == 10
    np.testing.assert_allclose(stepped.expected, whole.expected, atol=1e-3)
    np.testing.assert_allclose(stepped.today().beats, whole.today().beats, atol=1e-3)
    assert stepped.crossings(160) == pytest.approx(whole.crossings(160), abs=0.01)


def test_what_comes_later_is_not_known(athlete, last):
    later = last._replace(grid=last.grid._replace(speed=np.where(np.arange(len(last.grid.speed)) < 60, last.grid.speed, 0.3)))
    expected = [live_run.unconditioned(athlete, athlete.predict(run.start, run.grid))[0][:60] for run in (last, later)]
    np.testing.assert_allclose(*expected, atol=1e-3)


def test_a_higher_heart_rate_is_told_as_such_and_as_a_faster_pace(athlete, last):
    usual, high = (after(athlete, last, 15, shift).today() for shift in (0, 15))
    assert 8 < high.beats[0] - usual.beats[0] < 15
    assert high.is_certain
    assert high.beats[1] < high.beats[0] < high.beats[2]
    assert (np.diff(high.seconds[[1, 0, 2]]) > 0).all()
    assert high.seconds[0] > 0
    low = after(athlete, last, 15, -15).today()
    assert low.is_certain
    assert low.seconds[2] < 0
    assert np.ptp(after(athlete, last, 6).today().beats) >= np.ptp(usual.beats)


def test_a_limit_is_the_likelier_crossed_the_lower_it_is_and_the_longer_one_waits(athlete, last):
    live = after(athlete, last, 15)
    now = float(live.grid.heart_rate[-1])
    chances = np.array([live.crossings(now + above) for above in (1, 5, 10, 25)])
    assert (np.diff(chances, axis=0) <= 0).all()
    assert (np.diff(chances, axis=1) >= 0).all()
    assert chances[0, -1] > 0.3
    assert chances[-1, 0] < 0.05
    assert (chances >= 0.01).all()


def test_no_path_goes_beyond_the_told_maximum(last):
    state = AthleteState()
    facts.tell(state, facts.Facts(max_heart_rate=165))
    assert after(state, last, 10).ahead().max() <= 165


def test_it_refuses_what_it_cannot_tell(athlete, last):
    live = live_run.LiveRun(athlete)
    with pytest.raises(InputError, match="a run that has begun"):
        live.crossings(150)
    with pytest.raises(InputError, match="hold the last value"):
        live.step(float("nan"))
    with pytest.raises(InputError, match="judged, found none in 0; look for the sensor, or judge later in the run"):
        live.today()
    live.step(2.5, heart_rate=120)
    with pytest.raises(InputError, match="up to 5 minutes"):
        live.crossings(150, (6,))
    with pytest.raises(InputError, match=r"in 3 minutes or more before the day can be judged, found 0\.2 in 0\.2; look"):
        live.today()
    assert np.isfinite(live.crossings(150)).all()
    short = type(last.grid)(*(column[:30] for column in last.grid))
    with pytest.raises(InputError, match="lasts less than 6 minutes"):
        today_text.judge(live_run.LiveRun(athlete, last.start), last.start, nan, short, 10)
    silent = last.grid._replace(heart_rate=np.full(len(last.grid.speed), np.nan, np.float32))
    with pytest.raises(InputError, match="no heart rate"):
        today_text.watch(live_run.LiveRun(athlete, last.start), silent, 150)
    with pytest.raises(InputError, match="lasts less than 2 minutes, after which something can first be said"):
        today_text.watch(live_run.LiveRun(athlete, last.start), type(last.grid)(*(column[:11] for column in last.grid)), 150)


def test_what_is_said(athlete, last):
    def said(shift, state=athlete):
        grid = last.grid._replace(heart_rate=last.grid.heart_rate + np.float32(shift))
        return " ".join(today_text.lines(today_text.judge(live_run.LiveRun(state, last.start), last.start, nan, grid, 10)))

    assert "hardly chance" in said(20)
    assert "higher than expected" in said(20)
    assert "It is as on a usual day at a pace" in said(20)
    assert "lower than expected" in said(-20)
    assert "No earlier run is known" in said(20, AthleteState())


@pytest.mark.parametrize(
    ("earlier", "shift", "said"),
    [
        (True, -0.2, "as expected"),
        (True, 9.0, "+9 beats/min"),
        (False, -0.2, "as people in general"),
        (False, 9.0, "+9 beats/min"),
    ],
)
def test_the_picture_is_titled_by_what_is_known(athlete, last, drawn, tmp_path, earlier, shift, said):
    state = athlete if earlier else AthleteState()
    run = live_run.LiveRun(state, last.start)
    judged = today_text.judge(run, last.start, nan, last.grid, 10)
    judged.minutes[-1] = judged.minutes[-1]._replace(beats=np.array([shift, shift - 20, shift + 20]))
    plotting.save(today_plot.today(run, last.grid, judged), tmp_path / "today.png")
    above = drawn[0].axes[0]
    doubt = "" if said.startswith("as") else ", which may be chance" if earlier else ", compared with people in general"
    assert above.get_title(loc="left") == f"Today: {said} at the same effort{doubt}"
    known = "from earlier runs" if earlier else "of people in general"
    assert f"expected {known}" in [text.get_text() for text in above.get_legend().get_texts()]


def test_the_minutes_before_a_limit_are_counted():
    def watched(rates, chances):
        return [
            today_text.Watched(place + 2, rate, rate > 150, (0.0, 0.0, chance))
            for place, (rate, chance) in enumerate(zip(rates, chances, strict=True))
        ]

    probability = "The probability of going above it in the next 5 minutes was"
    _, table, over, said = today_text.watch_lines(watched([140, 145, 149, 151], [0.6, 0.3, 0.7, 1.0]), 150)
    assert over == "Heart rate was first above 150 beats/min in minute 5."
    assert said == f"{probability} 50 % or more at 2 of the 3 minutes before that, first at minute 2."
    assert [line.split()[0] for line in table.splitlines()[1:]] == ["2", "3", "4", "5"]
    told = today_text.watch_dict(watched([149.98, 150.02], [0.2, 1.0]), 150, 3)  # which round alike
    assert [(each["heart_rate"], each["above"]) for each in told["minutes"]] == [(150.0, False), (150.0, True)]
    assert (told["limit"], told["earlier_runs"]) == (150, 3)
    *_, said = today_text.watch_lines(watched([140, 151], [0.2, 1.0]), 150)
    assert said == f"{probability} below 50 % at the one minute before that."
    *_, said = today_text.watch_lines(watched([151], [1.0]), 150)
    assert said == "Heart rate was first above 150 beats/min in minute 2."
    *_, said, _ = today_text.watch_lines(watched([140, float("nan")], [0.2, 0.2]), 150)
    assert said == "Heart rate was not above 150 beats/min in any minute, but at the end of 1 of 2 it was not measured."
    *_, said = today_text.watch_lines(watched([140, 141, 142], [0.2, 0.6, 0.4]), 150)
    assert said == f"{probability} 50 % or more at 1 of the 3 minutes, first at minute 3."
    rows = watched([float("nan")] * 4 + [140], [0.2] * 5)
    assert any(line.startswith("-: not measured then") for line in today_text.watch_lines(rows, 150))
    *_, said = today_text.watch_lines(watched([float("nan")] * 2, [0.2, 0.2]), 150.5)
    assert said == "It was not measured at the end of any minute, so whether it was above is not known."


def test_the_day_of_a_shifted_run_is_found_by_half_an_hour_after(athlete, last):
    judged = today_text.judge(live_run.LiveRun(athlete, last.start), last.start, nan, last.grid, 10)
    assert [each.minutes for each in judged.minutes] == [6, 7, 8, 9, 10]
    shifted = replace_rates(last, 12)
    other = today_text.judge(live_run.LiveRun(athlete, last.start), last.start, nan, shifted, 10)
    assert other.after == pytest.approx(judged.after + 12, abs=0.01)
    assert other.expected == judged.expected
    ten = type(last.grid)(*(column[:120] for column in last.grid))
    short = today_text.judge(live_run.LiveRun(athlete, last.start), last.start, 28_800, ten, 10)
    assert "In the next 10 measured minutes, heart rate was" in today_text.lines(short)[-1]
    assert today_text.as_dict(short)["start"].endswith("+08:00")


def replace_rates(run, shift):
    return run.grid._replace(heart_rate=run.grid.heart_rate + np.float32(shift))
