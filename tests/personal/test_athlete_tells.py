"""`hrkeras.Athlete.tell`: what a person knows of themselves, before and with runs."""

import pytest

import hrkeras
from hrkeras.athlete import facts
from hrkeras.personal import facts_text
from hrkeras.utils.errors import InputError
from hrkeras.workouts.simulation import synthetic


@pytest.fixture(scope="module")
def workouts():
    return list(synthetic.read(athletes=1, runs=4, seed=8, flawed=0, faulty=0))


def mean(athlete, workout):
    return hrkeras.predict(None, workout, athlete=athlete).heart_rate.mean()


def test_it_moves_the_first_prediction_most(workouts):
    nobody, me = hrkeras.Athlete([]), hrkeras.Athlete([])
    usual = mean(nobody, workouts[0])
    me.tell(easy=(1000 / 360, 120))
    low = mean(me, workouts[0])
    me.tell(easy=(1000 / 360, 170))  # in place of what was told before
    assert low + 35 < mean(me, workouts[0])
    assert low < usual - 5
    runner, teller = (hrkeras.Athlete.from_workouts(workouts) for _ in range(2))
    plain = mean(teller, workouts[3])
    teller.tell(easy=(1000 / 360, 120), resting_heart_rate=50)
    assert 0 < mean(runner, workouts[3]) - mean(teller, workouts[3]) < 0.5 * (usual - low)
    assert plain == mean(runner, workouts[3])


def test_what_is_not_given_stays():
    me = hrkeras.Athlete([])
    me.tell(age=41, sex="female")
    me.tell(resting_heart_rate=50)
    assert me.told == facts.Facts(age=41, sex="female", resting_heart_rate=50)
    assert {name: fact.value for name, fact in me.state().told.items()} == {"age": 41, "sex": "female", "resting_heart_rate": 50}
    with pytest.raises(hrkeras.InputError, match="maximum heart rate from 100 to 230"):
        me.tell(max_heart_rate=20)
    assert me.told.max_heart_rate is None


def test_blanks_around_the_heart_rate_of_an_easy_run_do_not_matter():
    assert facts_text.parse_easy("6:00@         145") == (pytest.approx(1000 / 360), 145.0)


@pytest.mark.parametrize("text", ["6:00@0000000145", "6:00@", "6:00", "@145", "6:00@14.5", "6:00@145@145"])
def test_an_easy_run_is_a_pace_and_a_heart_rate(text):
    with pytest.raises(InputError):
        facts_text.parse_easy(text)


def test_a_fact_can_be_taken_back_and_is_shown_with_its_value():
    me = hrkeras.Athlete([])
    me.tell(max_heart_rate=190, age=41, sex="female", easy=(1000 / 360, 145))
    assert repr(me) == (
        "Athlete of 0 runs; self-reported: maximum heart rate 190 beats/min, age 41 and sex female, easy runs at 6:00 /km with "
        "145 beats/min"
    )
    me.forget("age", "max_heart_rate")
    assert repr(me) == "Athlete of 0 runs; self-reported: easy runs at 6:00 /km with 145 beats/min"
    with pytest.raises(hrkeras.InputError, match="found age; there are: easy"):
        me.forget("age")
