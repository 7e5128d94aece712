"""Age, sex and resting heart rate of the person from the XML of an Apple Health export; the birthday is not kept."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

BIRTH = re.compile(rb'HKCharacteristicTypeIdentifierDateOfBirth="(\d{4}-\d\d-\d\d)"')
SEX = re.compile(rb'HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSex(Female|Male)"')
TAG = re.compile(rb'<!--.*?(?:-->|\Z)|<Me\s([^<]*)|<Record\stype="HKQuantityTypeIdentifierRestingHeartRate"([^<]*)', re.DOTALL)
DAY, VALUE = re.compile(rb'startDate="(\d{4}-\d\d-\d\d)'), re.compile(rb'value="(\d{1,3}(?:\.\d{0,25})?)"')
AGES, RATES = (10, 110), (30, 110)  # years, beats/min; what else is there is damaged


class Person:
    """Collects what an export tells about the person, part by part."""

    def __init__(self, today: date | None = None) -> None:
        self._today = today or datetime.now(UTC).date()
        self._me: bytes | None = None
        self._resting: tuple[bytes, float] = (b"", 0.0)  # the latest: day and beats/min
        self._until = (self._today + timedelta(days=1)).isoformat().encode()  # the sun rises elsewhere earlier

    def add(self, text: bytes, start: int, end: int) -> None:
        """Reads the whole tags in `text[start:end]`."""
        for tag in TAG.finditer(text, start, end):
            me, record = tag.groups()
            self._me = self._me or me
            if not record or b'unit="count/min"' not in record:
                continue
            day, value = DAY.search(record), VALUE.search(record)
            if day and value and RATES[0] <= float(value[1]) <= RATES[1] and self._resting[0] <= day[1] <= self._until:
                self._resting = day[1], float(value[1])

    def facts(self) -> dict[str, Any]:
        """`age` in whole years, `sex`, and the latest `resting_heart_rate` in beats/min; each where it is told and plausible."""
        facts: dict[str, Any] = {}
        if birth := BIRTH.search(self._me or b""):
            facts |= _age(birth[1].decode(), self._today)
        if "age" in facts and (sex := SEX.search(self._me or b"")):
            facts["sex"] = sex[1].decode().lower()
        return facts | ({"resting_heart_rate": self._resting[1]} if self._resting[0] else {})


def plausible(kept: dict[str, Any]) -> dict[str, float]:
    """What was kept of `Person.facts`, without what depends on the date.

    Raises:
        ValueError: if it is something else.
    """
    rates = [float(value) for value in kept.values()]
    if not kept.keys() <= {"resting_heart_rate"} or not all(RATES[0] <= rate <= RATES[1] for rate in rates):
        raise ValueError("this is not what an export tells")
    return dict(zip(kept, rates, strict=True))


def _age(birth: str, today: date) -> dict[str, int]:
    try:
        born = date.fromisoformat(birth)
    except ValueError:  # such as a 31st of June
        return {}
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return {"age": age} if AGES[0] <= age <= AGES[1] else {}
