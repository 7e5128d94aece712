"""What a person tells about themselves: an observation each, kept in their file, never taken into account twice."""

import contextlib
import importlib.util
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from hrkeras.athlete import athlete_file, facts, fitness, population_fit
from hrkeras.athlete.facts import Facts
from hrkeras.athlete.kalman import PACES, AthleteState
from hrkeras.athlete.population import SIZE, STATES, Population, default
from hrkeras.personal import athlete_update
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import BASIS
from hrkeras.workouts.simulation import synthetic

HIGHEST = len(STATES) + 1
DAY = date(2026, 5, 1)


@pytest.fixture(scope="module")
def joint() -> Population:
    """The population of some simulated people, in which weights go with the highest heart rate."""
    runs = athlete_update.usable(synthetic.read(athletes=12, runs=8, seed=1))
    return population_fit.fit(*zip(*((run.user, run.start, run.grid) for run in runs), strict=True))


def told(population, **values):
    athlete = AthleteState(population)
    facts.tell(athlete, Facts(**values), DAY)
    return athlete


def test_the_maximum_is_an_observation_of_the_highest_heart_rate(joint):
    prior, variance = joint.person[1], joint.covariance[HIGHEST, HIGHEST]
    high, low = (told(joint, max_heart_rate=maximum) for maximum in (205.0, 165.0))
    for athlete, maximum in ((high, 205.0), (low, 165.0)):
        share = variance / (variance + 25.0)
        np.testing.assert_allclose(athlete.weights[:, HIGHEST], prior + share * (maximum - 3 - prior))
        np.testing.assert_allclose(athlete.covariance[:, HIGHEST, HIGHEST], variance * (1 - share))
    assert high.weights[0, 0] > low.weights[0, 0] + 10  # the level goes with it


def test_an_age_stands_in_for_a_maximum_and_is_less_sure(joint):
    young, old, woman = (told(joint, **values) for values in ({"age": 25}, {"age": 65}, {"age": 25, "sex": "female"}))
    variance = joint.covariance[HIGHEST, HIGHEST]
    share = variance / (variance + 10.8**2 + 25)
    expected = facts.AT_BIRTH - 0.64 * 25 - 3
    assert young.weights[1, HIGHEST] == pytest.approx(joint.person[1] + share * (expected - joint.person[1]))
    assert young.weights[0, HIGHEST] - old.weights[0, HIGHEST] == pytest.approx(share * 0.64 * 40)
    assert young.weights[0, HIGHEST] - woman.weights[0, HIGHEST] == pytest.approx(share * 5)
    assert young.covariance[0, HIGHEST, HIGHEST] > told(joint, max_heart_rate=190).covariance[0, HIGHEST, HIGHEST]


def test_a_resting_heart_rate_shifts_the_level_by_three_tenths_and_explains_little(joint):
    athlete = told(joint, resting_heart_rate=50)
    np.testing.assert_allclose(athlete.weights[:, 0], joint.weights[0] - 3.0)
    assert athlete.covariance[0, 0, 0] == pytest.approx(joint.covariance[0, 0] - (0.3 * 7.7) ** 2)
    facts.tell(athlete, Facts(resting_heart_rate=52), DAY)  # by how much it has changed
    np.testing.assert_allclose(athlete.weights[:, 0], joint.weights[0] - 2.4, atol=0.05)


def test_an_easy_run_shifts_the_level_to_nearly_what_was_told(joint):
    speed, athlete = 1000 / 360, AthleteState(joint)
    before = fitness.view(athlete).features(0.0, fitness.steady(speed))
    before[len(BASIS) :] = 0
    expected = athlete.weights[0, : len(STATES)] @ before
    facts.tell(athlete, Facts(easy=(speed, expected + 20)), DAY)
    share = joint.covariance[0, 0] / (joint.covariance[0, 0] + joint.level + 25)
    np.testing.assert_allclose(athlete.weights[:, 0], joint.weights[0] + 20 * share)
    assert np.linalg.eigvalsh(athlete.covariance).min() > 0
    assert athlete.covariance.shape == (len(PACES), SIZE, SIZE)


def test_what_is_told_again_changes_nothing():
    athlete = told(default(), max_heart_rate=190, resting_heart_rate=52, easy=(2.8, 145))
    weights = athlete.weights.copy()
    again = Facts(max_heart_rate=190, resting_heart_rate=52, easy=(2.8, 145), age=40)
    outcomes = facts.tell(athlete, again, date(2027, 5, 1))
    assert outcomes == dict.fromkeys(("max_heart_rate", "resting_heart_rate", "easy"), "known") | {"age": "maximum is known"}
    np.testing.assert_allclose(athlete.weights, weights)
    assert facts.tell(athlete, again, date(2027, 5, 1)) == dict.fromkeys(outcomes, "known")
    assert athlete.told["max_heart_rate"].day == "2026-05-01"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"max_heart_rate": 220}, {"max_heart_rate": 184}),
        ({"age": 14}, {"age": 41}),
        ({"age": 41, "sex": "male"}, {"sex": "female"}),
        ({"resting_heart_rate": 90}, {"resting_heart_rate": 50}),
        ({"easy": (2.8, 195)}, {"easy": (2.8, 145)}),
    ],
)
def test_a_slip_that_is_corrected_leaves_no_trace(joint, wrong, right):
    rest = {"resting_heart_rate": 55} if "resting_heart_rate" not in wrong else {"age": 30}
    corrected, at_once = told(joint, **wrong, **rest), told(joint, **rest | wrong | right)
    (outcome,) = facts.tell(corrected, Facts(**right), DAY).values()
    assert outcome == "changed"
    assert corrected.told == at_once.told
    np.testing.assert_allclose(corrected.weights, at_once.weights)
    np.testing.assert_allclose(corrected.covariance, at_once.covariance)


@pytest.mark.parametrize(("wrong", "right"), [({"max_heart_rate": 220}, {"max_heart_rate": 184}), ({"age": 14}, {"age": 41})])
def test_a_maximum_is_corrected_after_runs_too(joint, wrong, right):
    runs = athlete_update.usable(synthetic.read(athletes=1, runs=6, seed=3))
    corrected, at_once = told(joint, **wrong), told(joint, **right)
    athlete_update.learn(corrected, runs)
    athlete_update.learn(at_once, runs)
    facts.tell(corrected, Facts(**right), DAY)
    # runs off the mark weigh less, by what was expected then; else they would be equal
    np.testing.assert_allclose(corrected.weights[:, HIGHEST], at_once.weights[:, HIGHEST], atol=1.0)
    np.testing.assert_allclose(corrected.covariance, at_once.covariance, rtol=0.05, atol=0.5)


def test_another_easy_run_counts_besides_once_runs_are_known(joint):
    athlete = told(joint, easy=(2.8, 150))
    athlete_update.learn(athlete, athlete_update.usable(synthetic.read(athletes=1, runs=2, seed=3)))
    before = athlete.weights[0, 0]
    assert facts.tell(athlete, Facts(easy=(2.8, 140)), DAY) == {"easy": "besides"}
    assert athlete.weights[0, 0] != before
    assert athlete.told["easy"].value == (2.8, 140)


def test_an_age_grows_by_itself():
    athlete = told(default(), age=41)
    for later, age, outcome in (
        (date(2026, 12, 1), 42, "known"),
        (date(2031, 6, 1), 46, "known"),
        (date(2031, 6, 1), 35, "changed"),
    ):
        assert facts.told(athlete, later).age == 41 + (later - DAY).days // 365.25
        assert facts.tell(athlete, Facts(age=age), later) == {"age": outcome}
    assert facts.told(told(default(), age=109), date(2040, 1, 1)).age == 110
    assert facts.tell(told(default(), age=41), Facts(age=41, sex="female"), DAY) == {"age": "known", "sex": "used"}


@pytest.mark.parametrize(
    ("own", "more", "left_out"),
    [
        ({}, {"age": 41, "sex": "female", "resting_heart_rate": 50.0}, {}),
        ({"age": 30}, {"sex": "female", "resting_heart_rate": 50.0}, {}),
        ({"max_heart_rate": 180}, {"sex": "female", "resting_heart_rate": 50.0}, {}),
        ({"resting_heart_rate": 60}, {"age": 41, "sex": "female"}, {}),
        ({"easy": (1.5, 60), "max_heart_rate": 150, "sex": "male"}, {}, {"resting_heart_rate": "contradicts"}),
    ],
)
def test_a_source_tells_only_what_is_not_known(own, more, left_out):
    source = {"age": 41, "sex": "female", "resting_heart_rate": 70.0 if left_out else 50.0}
    athlete = told(default(), **own)
    outcomes = facts.tell_source(athlete, source)
    assert outcomes == dict.fromkeys(more, "used") | left_out
    assert facts.told(athlete, DAY) == Facts(**own, **more)
    alike = told(default(), **own)
    facts.tell(alike, Facts(**more), DAY)
    np.testing.assert_array_equal(athlete.weights, alike.weights)
    assert facts.tell_source(athlete, source) == left_out


def test_an_age_does_not_count_beside_a_maximum_in_any_order(joint):
    late, early = told(joint, age=40), told(joint, max_heart_rate=190)
    facts.tell(late, Facts(max_heart_rate=190), DAY)
    facts.tell(early, Facts(age=40), DAY)
    np.testing.assert_allclose(late.weights, early.weights)
    np.testing.assert_allclose(late.covariance, early.covariance)


def test_an_age_that_is_corrected_beside_a_maximum_counts_without_it(joint):
    athlete = told(joint, age=30)
    for more in ({"max_heart_rate": 185}, {"age": 60}):
        facts.tell(athlete, Facts(**more), DAY)
    facts.forget(athlete, ["max_heart_rate"])
    assert facts.told(athlete, DAY) == Facts(age=60)
    np.testing.assert_allclose(athlete.weights, told(joint, age=60).weights)


def test_before_runs_the_state_is_what_its_facts_tell_whenever_they_came(joint):
    bit_by_bit = told(joint, age=40)
    facts.tell(bit_by_bit, Facts(age=41, resting_heart_rate=70), date(2032, 1, 1))  # 45 by then
    facts.tell(bit_by_bit, Facts(age=45, sex="female"), date(2032, 1, 1))
    at_once = told(joint, **dict(facts.told(bit_by_bit, DAY).items()) | {"age": bit_by_bit.told["age"].value})
    np.testing.assert_allclose(bit_by_bit.weights, at_once.weights)
    np.testing.assert_allclose(bit_by_bit.covariance, at_once.covariance)


def test_runs_above_the_maximum_that_was_told_are_doubted(joint):
    athlete = told(joint, max_heart_rate=120)
    assert facts.doubt(athlete) == ""
    athlete_update.learn(athlete, athlete_update.usable(synthetic.read(athletes=1, runs=4, seed=3)))
    assert "3 of the last 3 runs went above the self-reported maximum heart rate of 120, up to" in facts.doubt(athlete)
    facts.tell(athlete, Facts(max_heart_rate=220), DAY)
    assert facts.doubt(athlete) == ""


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"max_heart_rate": 231}, "maximum heart rate from 100 to 230 beats/min, found 231"),
        ({"max_heart_rate": float("nan")}, "found nan"),
        ({"max_heart_rate": "190"}, "found 190"),
        ({"age": 5}, "age from 10 to 110 years, found 5"),
        ({"resting_heart_rate": 20}, "resting heart rate from 30 to 110"),
        ({"age": 30, "sex": "x" * 99}, "Expected female or male"),
        ({"easy": 5}, "Expected a speed and a heart rate"),
        ({"easy": (360, 145)}, "speed of an easy run from 0.55 to 4.8 m/s, found 360"),
        ({"easy": (6, 145)}, "speed of an easy run from 0.55 to 4.8 m/s, found 6"),
        ({"easy": (2.8, 20)}, "heart rate of an easy run from 60 to 220"),
    ],
)
def test_what_cannot_be_is_refused(values, says):
    with pytest.raises(InputError, match=says):
        Facts(**values)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"max_heart_rate": 180, "easy": (2.8, 180)}, "maximum heart rate at least 1 beats/min above the easy one, found 180"),
        ({"max_heart_rate": 130, "resting_heart_rate": 100}, "maximum heart rate at least 40 beats/min above the resting one"),
        ({"easy": (2.8, 80), "resting_heart_rate": 80}, "the easy heart rate at least 1 beats/min above the resting one"),
    ],
)
def test_what_cannot_be_together_is_refused_and_nothing_learnt(joint, values, says):
    athlete = AthleteState(joint)
    for name, value in values.items():
        last = name == list(values)[-1]
        with pytest.raises(InputError, match=says) if last else contextlib.nullcontext():
            facts.tell(athlete, Facts(**{name: value}), DAY)
    assert athlete.told.keys() == set(list(values)[:-1])


def test_it_is_kept_in_the_file(tmp_path):
    athlete = told(default(), age=41, sex="female", resting_heart_rate=52, easy=(2.8, 145.0))
    athlete_file.save(athlete, tmp_path / "me.json")
    again = athlete_file.load(tmp_path / "me.json")
    assert again.told == athlete.told
    assert facts.told(again, DAY) == Facts(age=41, sex="female", resting_heart_rate=52, easy=(2.8, 145.0))
    np.testing.assert_array_equal(again.covariance, athlete.covariance)


@pytest.mark.parametrize(
    "values",
    [
        *(
            None,
            [],
            "age",
            {"age": 41},
            {"age": {"value": 41}},
            {"age": {"value": 41, "date": 5}},
            {"mood": {"value": 1, "date": "2026-05-01"}},
        ),
        *({"age": {"value": value, "date": "2026-05-01"}} for value in (None, "41", True, [41], 1e9, {})),
        *({"easy": {"value": value, "date": "2026-05-01"}} for value in (5, [2.8], [2.8, 145, 3], [2.8, None], "ab")),
        {"sex": {"value": "man", "date": "2026-05-01"}},
        {"age": {"value": 41, "date": "yesterday"}},
    ],
    ids=str,
)
def test_what_is_damaged_is_refused(values):
    with pytest.raises(ValueError, match="its self-reported facts are damaged"):
        facts.from_dict(values)


def test_who_tells_of_an_easy_run_is_half_as_far_off_in_their_first(joint):
    """Simulated people; other ones than those that the population is of."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "told_facts.py"
    spec = importlib.util.spec_from_file_location("told_facts", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.errors(30, 5, joint)
    assert found["easy"][1] < 0.5 * found["nothing"][1]
    assert found["easy"][0] < 0.65 * found["nothing"][0]
    assert found["max_heart_rate"][1] < 0.9 * found["nothing"][1]


@pytest.mark.parametrize("name", ["max_heart_rate", "age", "sex", "resting_heart_rate", "easy"])
def test_what_is_taken_back_before_runs_leaves_no_trace(joint, name):
    said = {"max_heart_rate": 190, "resting_heart_rate": 50, "easy": (2.8, 150)}
    if name in ("age", "sex"):
        said = {"age": 41, "sex": "female", "resting_heart_rate": 50}
    athlete, never = told(joint, **said), told(joint, **{what: value for what, value in said.items() if what != name})
    assert facts.forget(athlete, [name]) == {name: "taken back"}
    assert athlete.told == never.told
    np.testing.assert_allclose(athlete.weights, never.weights)
    np.testing.assert_allclose(athlete.covariance, never.covariance)


def test_a_maximum_is_taken_back_after_runs_too(joint):
    runs = athlete_update.usable(synthetic.read(athletes=1, runs=6, seed=3))
    athlete, never = told(joint, max_heart_rate=230), told(joint)
    for state in (athlete, never):
        athlete_update.learn(state, runs)
    facts.forget(athlete, ["max_heart_rate"])
    assert athlete.told == {}
    # runs off the mark weigh less, by what was expected then; else they would be equal
    np.testing.assert_allclose(athlete.weights[:, HIGHEST], never.weights[:, HIGHEST], atol=1.5)
    with pytest.raises(InputError, match="found no max-heart-rate; there are: none"):
        facts.forget(athlete, ["max_heart_rate"])
