import numpy as np
import pytest

from hrkeras.workouts.records import RECORDS, fastest


@pytest.mark.parametrize(("metres", "seconds"), RECORDS)
def test_a_record_is_the_fastest(metres, seconds):
    assert fastest(seconds) == pytest.approx(metres / seconds)


def test_between_records():
    assert fastest(3600) == pytest.approx(21_330 / 3600, rel=0.04)  # the record of one hour, which the others imply
    assert fastest(283.13) == pytest.approx(2000 / 283.13, rel=0.01)  # that of 2,000 m
    speeds = [fastest(seconds) for seconds in np.geomspace(10, 200_000, 50)]
    assert (np.diff(speeds) <= 1e-9).all()
