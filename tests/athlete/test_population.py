"""What is known of people in general: fitted, written, read back, and the one that comes with the package."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hrkeras.athlete import population, population_fit
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import CALENDAR, COURSE, DAY, PERSON, SIZE, STATES
from hrkeras.athlete.population_fit import CIRCLE, EVERY
from hrkeras.workouts.effort import BASIS, basis
from hrkeras.workouts.grid import Grid

NOON = 1.6e9
HEIGHT = len(STATES)


def made_up(seed, steps=80):
    random = np.random.default_rng(seed)
    speed = np.clip(random.uniform(2, 3.5) + random.normal(0, 0.4, steps), 0, None)
    heart_rate = 90 + 20 * speed + random.normal(0, 3, steps)
    heart_rate[::6] = np.nan
    return Grid(*(np.float32(each) for each in (speed, random.normal(0, 4, steps).cumsum(), heart_rate)))


def fit(runs, source=""):
    """The population of runs, of which each is a person, a start and a grid."""
    return population_fit.fit(*zip(*runs, strict=True), source)


def made_up_runs(count=6):
    return [(run % 3, NOON + 9.3 * run * DAY, made_up(run)) for run in range(count)]


@pytest.fixture(scope="module")
def fitted():
    return fit(made_up_runs(), "invented runs")


def test_features_are_standardised_by_the_runs(fitted):
    runs = made_up_runs()
    raw = [np.column_stack([basis(grid), np.tile(population.facts(start, basis(grid)), (80, 1))]) for _, start, grid in runs]
    some = np.concatenate([each[::EVERY] for each in raw])
    centre, scale = some.mean(axis=0), some.std(axis=0)
    centre[0] = 0
    scale[scale < 1e-6] = 1
    hours = slice(len(BASIS), len(BASIS) + len(CALENDAR))
    scale[hours] = np.maximum(scale[hours], CIRCLE)
    np.testing.assert_allclose(fitted.centre, centre, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(fitted.scale, scale, rtol=1e-3)
    assert fitted.source == "invented runs"


def drawn(people, runs, seed=0, usual=0.3):
    """Runs of people whose heart rate rises by 25 for 1 m/s, but between people by 8 for 1 m/s of their usual speed."""
    random, given, told = np.random.default_rng(seed), [], []
    for user in range(people):
        own = 2.7 + usual * random.normal()
        level = 150 + 8 * (own - 2.7) + 3 * random.normal()
        told.append((own, level))
        for run in range(runs):
            speed = np.float32(np.clip(own + 0.3 * random.normal() + random.normal(0, 0.2, 150), 0.5, 5))
            grid = Grid(speed, np.zeros(150, "f"), np.empty(0))
            heart_rate = level + 25 * (basis(grid)[:, BASIS.index("speed_over_12")] - own) + 4 * random.normal()
            given.append((user, NOON + 1000 * DAY * user + run * DAY, grid._replace(heart_rate=heart_rate.astype("f"))))
    return given, np.array(told)


def test_who_usually_runs_faster_is_fitter():
    """The first run of new people: its level is told by how fast it is, though nothing of its heart rate is known."""
    found = fit(drawn(40, 6)[0])
    assert found.person[0] == pytest.approx(2.7, abs=0.2)
    errors, slopes = {"joint": [], "apart": []}, {"joint": [], "apart": []}
    strangers, told = drawn(12, 1, seed=1)
    apart = replace(found, differences=tuple((*each[: len(STATES)], 0.0, 0.0) for each in found.differences))
    for name, start_ in (("joint", found), ("apart", apart)):
        for _, start, grid in strangers:
            predicted = AthleteState(start_).predict(start, grid).expected[60:, 0]
            errors[name].append(np.abs(predicted - grid.heart_rate[60:]).mean())
            slopes[name].append(predicted.mean())
        slopes[name] = np.polyfit(told[:, 0], slopes[name], 1)[0]
    assert np.mean(errors["joint"]) < 0.9 * np.mean(errors["apart"])
    assert slopes["joint"] < 0.75 * slopes["apart"]


def test_of_runs_at_one_hour_nothing_is_learnt_about_the_others():
    found = fit((0, NOON + run * DAY + 600 * (run % 2), made_up(run)) for run in range(8))
    start, efforts = NOON + 0.5 * DAY, basis(made_up(9))
    day = slice(len(BASIS), len(BASIS) + 4)
    moved = found.features(start, efforts)[0] - found.features(start - 0.5 * DAY, efforts)[0]
    assert abs(moved[day] @ np.array(found.weights)[day]) < 15


def test_the_differences_are_the_way_in_which_people_differ():
    """Of people whose heart rates differ by a level, or by what they rise with speed."""
    rise = BASIS.index("speed_over_30")

    def of(user, level, slope, run):
        grid = made_up(100 * user + run, steps=200)
        speed = basis(grid)[:, rise]
        return user, NOON + run * DAY, grid._replace(heart_rate=(120 + level + (20 + slope) * (speed - 2.7)).astype("f"))

    people = [(level, slope) for level in (-30.0, 30.0) for slope in (-8.0, 8.0)] * 5
    found = fit([of(user, *differs, run) for user, differs in enumerate(people) for run in range(5)])
    first = np.array(found.differences[0])
    assert abs(first[0]) > 5 * np.abs(first[1 : len(STATES)]).max()
    prior = np.diag([*found.spread(found.prior), *found.person_prior])
    np.testing.assert_allclose(found.covariance, prior + np.transpose(found.differences) @ np.array(found.differences))
    assert found.covariance[0, 0] > population.Population(found.centre, found.scale, found.weights).covariance[0, 0]
    assert np.array_equal(AthleteState(found).covariance[2], found.covariance)


def test_of_one_person_the_spread_is_assumed():
    found = fit(run for run in made_up_runs() if run[0] == 2)
    assert found.covariance[0, 0] > 200
    assert found.covariance[0, len(STATES) + PERSON.index("usual_effort")] < 0 < found.person_prior[0]


def test_processes_that_share_the_work_change_nothing(fitted):
    *columns, source = *zip(*made_up_runs(), strict=True), "invented runs"
    assert population_fit.fit(*columns, source, processes=2) == fitted


def test_one_run_more_is_another_population(fitted):
    assert fit(made_up_runs(5)).weights != fitted.weights


def test_features_are_efforts_and_facts_standardised():
    height = np.arange(HEIGHT)
    scaled = population.Population(tuple(1.0 * height), tuple(2.0 + height), (0.0,) * HEIGHT)
    start, grid = NOON, made_up(3)
    efforts = basis(grid)
    found = scaled.features(start, efforts) * (2 + height) + height
    np.testing.assert_allclose(found[:, : len(BASIS)], efforts, atol=1e-3)
    facts = dict(zip(STATES[len(BASIS) :], found[0, len(BASIS) :], strict=True))
    day = 2 * np.pi * (12 * 3600 + 26 * 60 + 40) / 86_400  # 2020-09-13 12:26:40
    assert facts["sin_day"] == pytest.approx(np.sin(day), abs=1e-4)
    assert facts["cos_half_day"] == pytest.approx(np.cos(2 * day), abs=1e-4)
    assert facts["log_steps"] == pytest.approx(np.log(80), abs=1e-4)
    assert facts["effort_spread"] == pytest.approx(efforts[:, BASIS.index("graded_speed_over_12")].std(), abs=1e-4)
    assert (found[:, len(BASIS) :] == found[0, len(BASIS) :]).all()


def test_climb_is_by_the_kilometre():
    efforts = np.zeros((100, len(BASIS)))
    efforts[:, BASIS.index("speed_over_3")] = 2
    efforts[:, BASIS.index("climbed")] = np.linspace(0, 60 / 500, 100)
    found = population.facts(NOON, efforts)[-len(COURSE) + COURSE.index("log_climb_per_km")]
    assert np.expm1(found) == pytest.approx(60 / 2.1)  # 60 m in 2 km and 100 m more


def test_spread_gives_each_state_the_number_of_its_kind(fitted):
    found = dict(zip(STATES, fitted.spread((1.0, 2.0, 3.0)), strict=True))
    assert [found[name] for name in ("one", STATES[1], BASIS[-1], "sin_day", "log_steps")] == [1, 2, 2, 3, 3]


def test_a_population_may_know_nothing_of_differences(fitted):
    """As those that were saved before there were any, or before people's usual effort was among them."""
    values = fitted.as_dict()
    del values["differences"]
    found = population.from_dict(values)
    assert found == replace(fitted, differences=())
    np.testing.assert_array_equal(found.covariance, np.diag([*found.spread(found.prior), *found.person_prior]))
    before = [name for name in values if "person" not in name]
    direction = [1.0 + place for place in range(HEIGHT)]
    found = population.from_dict({name: values[name] for name in before} | {"differences": [direction]})
    assert found.differences == ((*direction, 0.0, 0.0),)
    assert not found.covariance[: len(STATES), len(STATES) :].any()


def test_what_is_written_comes_back(fitted):
    found = population.from_dict(json.loads(json.dumps(fitted.as_dict())))
    assert population.from_dict(found.as_dict()) == found
    assert replace(found, centre=fitted.centre, scale=fitted.scale, weights=fitted.weights) == fitted
    for name in ("centre", "scale", "weights"):
        np.testing.assert_allclose(getattr(found, name), getattr(fitted, name), rtol=1e-5)


@pytest.mark.parametrize("name", ["centre", "scale", "weights"])
def test_a_population_without_these_is_none(fitted, name):
    values = fitted.as_dict()
    del values[name]
    with pytest.raises(ValueError, match="this is no population"):
        population.from_dict(values)


@pytest.mark.parametrize(
    "change",
    [
        *({name: value} for name in ("centre", "scale", "weights") for value in ([1.0] * 3, "a" * HEIGHT, 3, None)),
        *({name: value} for name in ("prior", "drift") for value in ([1.0, 2.0], [1.0] * 4, 5, "abc", [1, 2, "x"], {})),
        *({name: [float("nan")] * HEIGHT} for name in ("centre", "scale", "weights")),
        *({name: [10**400] * HEIGHT} for name in ("centre", "scale", "weights")),
        *({name: [1e300] * HEIGHT} for name in ("centre", "scale", "weights")),
        *({"scale": [value] * HEIGHT} for value in (0.0, -1.0, 1e-300)),
        *({name: value} for name in ("level", "noise", "surprise") for value in (0, -1, float("inf"), 10**400, "x", [1.0], None)),
        *({"longest": value} for value in (-1, float("nan"))),
        *({"differences": value} for value in (None, 3, "abc", [1.0], [[1.0]], [[1e300] * SIZE], [[float("nan")] * SIZE])),
        {"differences": [[1.0] * SIZE] * (SIZE + 1)},
        *({name: value} for name in ("person", "person_prior") for value in ([1.0], [1.0] * 3, "ab", None, [1e300] * 2)),
        *({name: value} for name in ("effort_noise",) for value in (0, -1, "x")),
        {"weights": [[1.0]] * HEIGHT},
        {"prior": [1.0, 0.0, 1.0]},
        {"drift": [-1.0, 0.0, 0.0]},
        {"more": 1.0},
        {7: 1.0},
    ],
    ids=lambda change: str(change)[:40],
)
def test_what_cannot_be_is_refused(fitted, change):
    with pytest.raises(ValueError, match="this is no population"):
        population.from_dict({**fitted.as_dict(), **change})


@pytest.mark.parametrize("values", [None, [], {}, "centre", 3, [["centre", [1.0]]]])
def test_what_is_no_dict_of_a_population_is_refused(values):
    with pytest.raises(ValueError, match="this is no population"):
        population.from_dict(values)


def test_the_packaged_population_expects_plausible_heart_rates():
    found = population.default()
    assert "training split" in found.source
    assert population.default() is found
    steps = 180
    standing, easy, fast = (
        AthleteState(found).predict(NOON, Grid(np.full(steps, speed, "f"), np.zeros(steps, "f"), np.empty(0))).expected[:, 0]
        for speed in (0.0, 2.2, 3.0)
    )
    assert 120 < fast[120] < 180  # after 20 min
    assert 40 < standing[120] < easy[120] < fast[120]
    assert fast[0] < fast[12] - 10  # at the beginning it still rises
