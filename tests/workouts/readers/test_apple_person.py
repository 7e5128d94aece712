"""Age, sex and resting heart rate from an Apple Health export; nothing of it that cannot be, and no birthday."""

from datetime import date

import pytest
from apple_files import START, health, record, scan, workout

from hrkeras.athlete.facts import Facts
from hrkeras.workouts.readers.apple_person import Person

ME = '<Me HKCharacteristicTypeIdentifierDateOfBirth="{}" HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSex{}"/>\n'
DAY = 86_400


def person(*elements, today=date(2024, 6, 1)):
    collected, text = Person(today), health(*elements)
    collected.add(text, 0, len(text))
    return collected.facts()


def resting(clock, value, **more):
    return record(clock, value, kind="RestingHeartRate", **more)


def test_age_sex_and_the_latest_resting_heart_rate_are_read():
    rates = [resting(START + day * DAY, value) for day, value in ((0, 60), (9, 51.5), (3, 55))]
    assert person(ME.format("1984-06-02", "Female"), *rates) == {"age": 39, "sex": "female", "resting_heart_rate": 51.5}
    assert person(ME.format("1984-06-01", "Male")) == {"age": 40, "sex": "male"}


@pytest.mark.parametrize("chunk", [100, 4096, 1 << 20])
def test_it_comes_with_the_rest_of_the_export(chunk):
    content, log = scan(health(ME.format("1984-06-02", "Male"), resting(START, 48), record(START, 99), workout()), chunk)
    assert content.person["sex"] == "male"
    assert content.person["resting_heart_rate"] == 48
    assert content.person["age"] >= 41
    assert len(content.entries) == 1
    assert not log.skipped


@pytest.mark.parametrize(
    "birth", ["", "1984-06-31", "0000-01-01", "2024-06-02", "2016-01-01", "1900-01-01", "9999-12-31", "1984"]
)
def test_a_birthday_that_cannot_be_tells_nothing(birth):
    assert person(ME.format(birth, "Male")) == {}


@pytest.mark.parametrize("value", ["", "-50", "29", "111", "1e9", "nan", "9" * 400, "5 0"])
def test_a_resting_heart_rate_that_cannot_be_tells_nothing(value):
    assert person(resting(START, value)) == {}
    assert person(resting(START, 50), resting(START + DAY, value)) == {"resting_heart_rate": 50}


def test_other_units_and_sexes_tell_nothing():
    assert person(ME.format("1984-06-02", "NotSet"), resting(START, 50, unit="count/s")) == {"age": 39}
    assert person(ME.format("1984-06-02", "Other")) == {"age": 39}


def test_a_day_to_come_and_a_comment_tell_nothing():
    told = resting(START, 50), ME.format("1984-06-02", "Male")
    ahead = resting(253_370_764_800, 44)  # 9998
    commented = f"<!-- {ME.format('1990-01-01', 'Female')} {resting(START + DAY, 40)} -->"
    assert person(commented, *told, ahead) == {"age": 39, "sex": "male", "resting_heart_rate": 50}
    assert person(*told, ahead, "<!-- not closed", resting(START + DAY, 40))["resting_heart_rate"] == 50


def test_the_extremes_may_be_told():
    for birth, value in (("2014-06-01", 30), ("1913-06-02", 110)):
        found = person(ME.format(birth, "Male"), resting(START, value))
        assert Facts(**found).items()
        assert "age" in found
