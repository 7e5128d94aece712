"""Plans of a course, by the athlete's state alone and where it is cheap to know what is right."""

import copy
import re
from dataclasses import replace

import numpy as np
import pytest

from hrkeras.athlete import facts, zones
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import DAY
from hrkeras.personal import athlete_update, pace
from hrkeras.personal.planning import planner as planning
from hrkeras.personal.planning import planning_text
from hrkeras.personal.planning.plan import held
from hrkeras.personal.planning.planning_plots import plan as draw
from hrkeras.utils import plotting
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import cost_of_running
from hrkeras.workouts.readers.route import Route
from hrkeras.workouts.simulation import synthetic
from hrkeras.workouts.workout import from_points

FLAT = Route(8000.0, np.zeros(400), has_altitude=False)
HILL = Route(8030.0, 60 * np.sin(np.linspace(0, np.pi, 401)))  # up and down by 60 m


@pytest.fixture(scope="module")
def state() -> AthleteState:
    """What 12 runs tell of a simulated athlete."""
    found = AthleteState()
    columns = ("latitude", "longitude", "speed", "altitude", "heart_rate", "sport", "user")
    tracks = synthetic.simulate(1, 12, seed=5, flawed=0, faulty=0)
    athlete_update.learn_from(
        found, [from_points(each.clock, **{name: getattr(each, name) for name in columns}) for each in tracks]
    )
    return found


@pytest.fixture(scope="module")
def planner(state):
    start = planning.usual_start(state, 0.0)
    return lambda route=FLAT, even="pace", who=state: planning.Planner(route, who, start if who.count else 1.6e9, even)


def test_a_plan_at_even_pace(planner):
    plan = planner().at(1000 / 330)
    assert plan.seconds == pytest.approx(8 * 330)
    rows = plan.kilometres()
    assert [row.end for row in rows] == [*range(1, 9)]
    assert {round(1000 / row.speed) for row in rows} == {330}
    np.testing.assert_allclose(plan.prediction.grid.speed, 1000 / 330, rtol=1e-5)
    np.testing.assert_allclose(np.diff(plan.distance), 10 * 1000 / 330, rtol=1e-6)
    by_hand = [plan.prediction.heart_rate[33 * row : 33 * row + 33].mean() for row in range(8)]
    np.testing.assert_allclose([row.heart_rate for row in rows], by_hand, atol=0.5)
    assert all(row.low < row.heart_rate < row.high for row in rows)
    assert plan.mean[0] == pytest.approx(plan.prediction.heart_rate.mean(), abs=0.01)
    assert plan.mean[0] == pytest.approx(np.mean([row.heart_rate for row in rows]), abs=0.1)  # as the table has it
    assert plan.warm_mean == pytest.approx(plan.prediction.heart_rate[30:].mean(), abs=0.01)
    assert plan.highest[0] == plan.prediction.heart_rate[30:].max()


def test_even_effort_costs_the_same_all_along_and_takes_as_long(planner):
    plan = planner(HILL, "effort").at(2.5)
    assert plan.seconds == pytest.approx(8030 / 2.5)
    speeds = HILL.piece / np.diff(plan.times)
    np.testing.assert_allclose(power := speeds * cost_of_running(HILL.grade), power[0], rtol=1e-6)
    assert speeds[:100].mean() < 2.5 < speeds[300:].mean()
    rows = plan.kilometres()
    assert [round(row.length) for row in rows] == [1000] * 7 + [1030]  # 30 m are no kilometre of their own
    assert sum(row.seconds for row in rows) == pytest.approx(plan.seconds)
    assert sum(row.climb for row in rows) == pytest.approx(60, abs=2)
    assert rows[0].speed < 2.5 < rows[-1].speed
    assert np.ptp(planner(HILL).at(2.5).prediction.heart_rate[60:]) > np.ptp(plan.prediction.heart_rate[60:])


def test_the_pace_for_a_heart_rate_is_the_nearest_in_whole_seconds(planner):
    mine = planner(HILL)
    plan = mine.for_mean(165)
    seconds = 1000 / plan.speed
    assert seconds == pytest.approx(round(seconds))
    residuals = [abs(mine.at(1000 / (round(seconds) + more)).warm_mean - 165) for more in (-1, 0, 1)]
    assert residuals[1] == min(residuals) < 1


@pytest.mark.parametrize("wholly", [False, True])
@pytest.mark.parametrize("even", ["pace", "effort"])
def test_the_pace_under_a_limit_is_the_fastest(planner, even, wholly):
    mine = planner(HILL, even)
    found = mine.under(180, wholly)
    assert not found.end
    faster = mine.at(1000 / (round(1000 / found.plan.speed) - 1))

    def highest(plan):
        expected, high = plan.unlimited.heart_rate[plan.warm], plan.unlimited.high[plan.warm]
        return (expected + 1.5 * (high - expected) if wholly else expected).max().round()

    assert highest(found.plan) < 180 <= highest(faster)


def test_what_cannot_be_had_is_said(planner, state):
    mine = planner()
    with pytest.raises(
        InputError,
        match=r"70 is too low .*: expect \d+ after the first five minutes at 12:00 /km, the slowest .* give a higher",
    ):
        mine.for_mean(70)
    with pytest.raises(InputError, match=r"No pace is expected to keep the heart rate under 70 .* give a higher limit\."):
        mine.answer(limit=70)
    with pytest.raises(ValueError, match="expected a speed, a heart rate or a limit"):
        mine.answer()
    assert (mine.under(70).end, mine.under(219).end) == ("slowest", "fastest")
    answer = mine.answer(speed=3.0, limit=70)
    assert any(said.startswith("No even pace is expected to stay under 70") for said in planning_text.limit(answer, state))
    answer = mine.answer(speed=3.0, limit=219)
    assert any("at every pace up to" in said for said in planning_text.limit(answer, state))


def test_no_plan_goes_beyond_the_maximum(planner, state):
    mine = planner()
    most = zones.estimate(state)
    assert (mine.zones.maximum, mine.zones.maximum_high) == (most.maximum, most.maximum_high)
    plan = mine.at(5.0)
    assert plan.unlimited.heart_rate[plan.warm].min() > most.maximum
    assert plan.warm_mean == plan.highest[0] == pytest.approx(most.maximum, abs=0.01)
    assert plan.prediction.high.max() == pytest.approx(most.maximum_high, abs=0.01)
    assert plan.too_hard == 1
    answer = mine.answer(speed=5.0)
    assert round(answer.possible.plan.highest[0]) < round(most.maximum)
    assert answer.possible.end == "fastest"
    about = f"the maximum heart rate of about {most.maximum:.0f} ({most.maximum_low:.0f}-{most.maximum_high:.0f}), estimated from"
    hard, possible = planning_text.beyond(answer, state)
    assert hard.startswith("For 90 % of the time this pace asks for the maximum or more")
    assert about in hard
    at = pace.text(answer.possible.plan.speed)
    assert possible == f"At {at}, the fastest pace that is looked at, it is expected to stay below."
    assert planning_text.beyond(mine.answer(speed=2.0), state) == []
    with pytest.raises(InputError, match=r"of 219 is not below the maximum heart rate of about \d+ \(\d+-\d+\)"):
        mine.for_mean(219)


def test_a_limit_above_the_maximum_is_said_to_be(planner, state):
    who = copy.deepcopy(state)
    facts.tell(who, facts.Facts(max_heart_rate=175))
    answer = planner(who=who).answer(limit=190)
    assert answer.under.end == "maximum"
    assert answer.plan.speed == answer.under.plan.speed == answer.wholly.plan.speed
    (said,) = planning_text.limit(answer, who)
    assert said.startswith("190 lies above the maximum heart rate of 175 that was told: every pace stays under 190, and ")
    assert said.endswith(f"{pace.text(answer.plan.speed)} is the fastest that is expected to stay below the maximum.")


def test_a_maximum_that_was_told_counts(planner, state):
    who = copy.deepcopy(state)
    facts.tell(who, facts.Facts(max_heart_rate=177))
    answer = planner(who=who).answer(speed=5.0)
    assert answer.plan.highest[0] == answer.plan.prediction.high.max() == 177
    assert round(answer.possible.plan.highest[0]) < 177
    at = answer.possible.plan.speed
    assert round(planner(who=who).at(1000 / (round(1000 / at) - 1)).highest[0]) == 177
    assert planning_text.beyond(answer, who) == [
        "For 94 % of the time this pace asks for the maximum or more, so it can hardly be kept up: that is the maximum heart "
        "rate of 177 that was told.",
        f"The fastest pace that is expected to stay below it is {pace.text(at)}.",
    ]
    with pytest.raises(InputError, match=r"of 180 is not below the maximum heart rate of 177 that was told; give a lower one"):
        planner(who=who).for_mean(180)


def test_where_no_even_pace_does_even_effort_is_planned(planner, state):
    steep = Route(8030.0, 200 * np.sin(np.linspace(0, np.pi, 401)))
    walked, even = (planner(steep, how).at(1000 / 720).highest[0] for how in ("pace", "effort"))
    assert even < walked
    limit = round((walked + even) / 2)
    answer = planner(steep).answer(limit=limit)
    assert (answer.plan.even, answer.by_pace.end, answer.under.end) == ("effort", "slowest", "")
    assert answer.plan.highest[0] < limit
    first, *others = planning_text.limit(answer, state)
    assert first.startswith(
        f"No even pace is expected to stay under {limit} on these hills: it is predicted to reach {walked:.0f}"
    )
    assert "of which runs teach little" in first
    assert first.endswith("So this is a plan of even effort.")
    assert f"That is the fastest that is expected to stay under {limit}." in others
    said = planning_text.limit(planner(steep).answer(speed=2.0, limit=limit), state)
    assert any("--even effort" in sentence for sentence in said)


def test_a_course_hillier_than_all_runs_is_doubted(planner):
    cliff = Route(8030.0, 600 * np.sin(np.linspace(0, np.pi, 401)))
    (said,) = (warning for warning in planner(cliff).at(2.0).warnings if "in a kilometre" in warning)
    assert re.fullmatch(
        r"the course climbs 7\d m in a kilometre and the hilliest run known \d+: its heart rate is a guess\.", said
    )
    assert not any("in a kilometre" in warning for warning in planner(HILL).at(2.0).warnings)


def test_a_walk_is_doubted(planner):
    assert any("3.6 km/h is a walk" in warning for warning in planner().at(1.0).warnings)
    assert not any("walk" in warning for warning in planner().at(2.5).warnings)


def test_more_than_an_hour_above_the_threshold_is_doubted(planner):
    long = replace(FLAT, length=20_000.0)
    assert any("held for an hour or so" in warning for warning in planner(long).at(4.0).warnings)
    assert not any("held for an hour or so" in warning for warning in planner().at(4.0).warnings)


def test_the_fastest_pace_looked_at_is_a_tenth_above_the_hardest_run(state, planner):
    hardest = state.records[:, 9].max()
    assert 1000 / planner().fastest == pytest.approx(1.1 * hardest, rel=0.01)
    assert planner(who=AthleteState()).fastest < 360  # nothing known: what few people run


def test_doubts(state, planner):
    mine = planner()
    assert mine.at(state.records[:, 9].mean()).warnings == []
    (far,) = mine.at(state.records[:, 9].max() * 1.3).warnings
    assert far == "the plan is 30 % harder than any run known of the person: this is a guess."
    assert "easier than any run known" in mine.at(0.7).warnings[0]
    assert any("the longest run known" in said for said in planner(replace(FLAT, length=60_000.0)).at(3.0).warnings)
    assert planner(replace(FLAT, warnings=["wrong."])).at(3.0).warnings[0] == "wrong."
    assert "harder than what most people run" in planner(who=AthleteState()).at(5.5).warnings[0]


def test_a_plan_begins_after_all_that_is_known(state):
    last = float(state.starts[-1])
    now = last + 100.4 * DAY
    assert planning.usual_start(state, now) == last + 101 * DAY
    assert planning.usual_start(state, 0.0) == last + DAY
    assert planning.usual_start(AthleteState(), 10 * DAY) == 10 * DAY + 9 * 3600
    with pytest.raises(InputError, match="can only be predicted from earlier runs"):
        planning.Planner(FLAT, state, last - DAY).at(3.0)


def test_a_short_course_has_no_warm_part(planner):
    plan = planner(Route(300.0, np.zeros(15), has_altitude=False)).at(3.0)
    assert plan.warm.all()
    (row,) = plan.kilometres()
    assert (row.end, round(row.length)) == (0.3, 300)
    assert planner(Route(1000.0, np.zeros(50), has_altitude=False)).at(1000 / 330).warm.all()
    assert not planner().at(3.0).warm.all()


def test_paces_of_more_than_a_day_are_not_looked_at(planner, state):
    long = planner(Route(200_000.0, np.zeros(10_000), has_altitude=False))
    answer = long.answer(speed=1000 / 330, limit=100)
    assert answer.under.end == "slowest"
    assert 0.9 * DAY < answer.under.plan.seconds < DAY
    assert answer.plan.seconds == pytest.approx(200 * 330)
    short = planner(Route(1000.0, np.zeros(50), has_altitude=False)).answer(speed=3.0, limit=60)
    for told, why in ((answer, ", since no run of a day or more is planned"), (short, " and of which runs teach little")):
        assert f"the slowest pace that is looked at{why}" in planning_text.limit(told, state)[-1]


def test_a_course_on_which_every_pace_is_too_hard_is_said_to_be_doubtful(planner, state):
    wall = Route(8000.0, np.where(np.arange(400) < 200, 0.0, 900.0))
    answer = planner(wall).answer(speed=1000 / 400)
    assert answer.possible.end == "slowest"
    assert "look whether its altitude is right" in planning_text.beyond(answer, state)[-1]


def test_text(planner, state):
    answer = planner(HILL).answer(speed=1000 / 330, limit=170)
    mean, low, high = answer.plan.mean
    highest, where = answer.plan.highest
    assert planning_text.expected(answer.plan) == (
        f"At 5:30 /km expect {mean:.0f} on average ({low:.0f}-{high:.0f}), highest {highest:.0f} at km {where / 1000:.1f}."
    )
    asked = planning_text.expected(answer.plan, 165)
    assert f"({low:.0f}-{high:.0f}), {answer.plan.warm_mean:.0f} after the first five minutes, highest" in asked
    said = " ".join(planning_text.limit(answer, state))
    assert f"To stay under 170: {pace.text(answer.under.plan.speed)} (" in said
    assert f"all the way in nine of ten runs: {pace.text(answer.wholly.plan.speed)}." in said
    assert answer.by_effort.plan.speed > answer.under.plan.speed
    assert f"even effort instead of even pace: {pace.text(answer.by_effort.plan.speed)} on average" in said
    lines = planning_text.table(answer.plan).splitlines()
    assert len(lines) == 9
    assert lines[-1].split()[:2] == ["8.0", "5:30"]
    assert planning_text.limit(planner().answer(speed=3.0), state) == []
    assert planning_text.course(planner().at(3.0)).startswith("Course: 8.0 km, taken as flat: the file has no altitude.")
    start = "(the time of day of the last known run; --start gives another)."
    assert planning_text.course(planner().at(3.0), is_usual_start=True).endswith(start)
    assert [planning_text.duration(each) for each in (1800, 3661)] == ["30 min", "1 h 01 min"]


def test_numbers_for_programs(planner):
    answer = planner(HILL).answer(heart_rate=160, limit=190)
    found = answer.as_dict()
    assert found["course"] == {"km": 8.03, "climb_m": pytest.approx(60, abs=2)}
    assert found["heart_rate"]["mean_after_5_min"] == pytest.approx(160, abs=1)
    assert found["heart_rate"]["mean"] == pytest.approx(answer.plan.prediction.heart_rate.mean(), abs=0.06)
    assert found["under_limit"] == pace.text(answer.under.plan.speed)
    assert len(found["kilometres"]) == 8
    assert list(answer.plan.frame()) == [
        *("km", "length_m", "seconds", "seconds_per_km", "climb_m", "heart_rate", "low", "high"),
    ]
    low = planner().answer(speed=3.0, limit=70)
    told, walk = low.as_dict(), low.under.plan
    assert told["under_limit"] is None
    assert told["ends"]["under_limit"] == {
        **{"end": "slowest", "pace": "12:00 /km"},
        **{"highest": round(walk.highest[0], 1), "highest_nine_in_ten": round(walk.highest_limit, 1)},
    }
    assert told["share_at_limit"] == 1.0
    assert told["share_at_maximum"] == 0.0
    assert told["maximum"]["low"] <= told["maximum"]["value"] <= told["maximum"]["high"]


def test_a_plan_that_is_too_hard_for_programs(planner):
    answer = planner(HILL).answer(speed=1000 / 200)
    found = answer.as_dict()
    assert found["under_maximum"] == pace.text(answer.possible.plan.speed)
    assert f"For {int(100 * found['share_at_maximum'])} % of the time" in planning_text.beyond(answer, planner().athlete)[0]
    assert "share_at_limit" not in found


def test_picture(planner, tmp_path, drawn):
    for route, even in ((HILL, "effort"), (FLAT, "pace")):
        figure = draw(planner(route, even).at(2.8), 165, "limit")
        above, below, *twin = figure.axes
        assert [text.get_text() for text in above.get_legend().get_texts()] == ["10 to 90 %", "expected", "limit 165"]
        assert below.get_xlabel() == "distance (km)"
        assert [each.get_ylabel() for each in (below, *twin)] == [*["altitude (m)"][: len(twin)], "pace (min/km)"]
        assert plotting.save(figure, tmp_path / "plan.png").stat().st_size > 10_000


def test_heart_rate_does_not_fall_from_the_maximum_while_effort_is_held(planner):
    planned = planner().at(1000 / 330).unlimited
    falling = replace(planned, heart_rate=np.linspace(200, 150, len(planned.heart_rate)))
    kept = held(falling, 180)
    np.testing.assert_allclose(kept.heart_rate, np.maximum(falling.heart_rate, 180))
    np.testing.assert_allclose(kept.high - kept.heart_rate, falling.high - falling.heart_rate, atol=1e-4)
    half = len(planned.heart_rate) // 2
    speed = np.where(np.arange(len(planned.heart_rate)) < half, planned.grid.speed, 0.8 * planned.grid.speed)
    slower = held(replace(falling, grid=planned.grid._replace(speed=speed.astype(np.float32))), 180)
    np.testing.assert_allclose(slower.heart_rate[half + 1 :], falling.heart_rate[half + 1 :])
