"""Age, sex and resting heart rate of the person from the XML of an Apple Health export; the birthday is not kept."""

import re
from datetime import UTC, date, datetime
from typing import Any

ME = re.compile(rb"<Me\s([^<]*)")
BIRTH = re.compile(rb'HKCharacteristicTypeIdentifierDateOfBirth="(\d{4}-\d\d-\d\d)"')
SEX = re.compile(rb'HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSex(Female|Male)"')
RESTING = re.compile(rb'<Record\stype="HKQuantityTypeIdentifierRestingHeartRate"([^<]*)')
DAY, VALUE = re.compile(rb'startDate="(\d{4}-\d\d-\d\d)'), re.compile(rb'value="(\d{1,3}(?:\.\d{0,25})?)"')
AGES, RATES = (10, 110), (30, 110)  # years, beats/min; what else is there is damaged


class Person:
    """Collects what an export tells about the person, part by part."""

    def __init__(self) -> None:
        self._me: bytes | None = None
        self._resting: tuple[bytes, float] = (b"", 0.0)  # the latest: day and beats/min

    def add(self, text: bytes, start: int, end: int) -> None:
        """Reads the whole tags in `text[start:end]`."""
        if self._me is None and (me := ME.search(text, start, end)):
            self._me = me[1]
        for record in RESTING.finditer(text, start, end):
            day, value = DAY.search(record[1]), VALUE.search(record[1])
            if day and value and b'unit="count/min"' in record[1] and RATES[0] <= float(value[1]) <= RATES[1]:
                self._resting = max(self._resting, (day[1], float(value[1])), key=lambda each: each[0])

    def facts(self, today: date | None = None) -> dict[str, Any]:
        """`age` in whole years, `sex`, and the latest `resting_heart_rate` in beats/min; each where it is told and plausible."""
        facts: dict[str, Any] = {}
        if birth := BIRTH.search(self._me or b""):
            facts |= _age(birth[1].decode(), today or datetime.now(UTC).date())
        if "age" in facts and (sex := SEX.search(self._me or b"")):
            facts["sex"] = sex[1].decode().lower()
        return facts | ({"resting_heart_rate": self._resting[1]} if self._resting[0] else {})


def _age(birth: str, today: date) -> dict[str, int]:
    try:
        born = date.fromisoformat(birth)
    except ValueError:  # such as a 31st of June
        return {}
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return {"age": age} if AGES[0] <= age <= AGES[1] else {}
