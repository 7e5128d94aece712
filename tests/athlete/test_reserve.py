"""The heart rate reserve, from what was told and what the runs say, and how sure each is."""

import numpy as np
import pytest

from hrkeras.athlete import facts, reserve, zones
from hrkeras.athlete.kalman import AthleteState


def told(**values) -> AthleteState:
    athlete = AthleteState()
    facts.tell(athlete, facts.Facts(**values))
    return athlete


def test_draws_have_the_limits_as_quantiles_and_the_value_first():
    found = reserve.draws(180.0, 170.0, 200.0, seed=5)
    assert found.shape == (1 + reserve.DRAWS,)
    assert found[0] == 180
    np.testing.assert_allclose(np.quantile(found[1:], (0.1, 0.5, 0.9)), (170, 180, 200), atol=0.5)
    np.testing.assert_array_equal(found, reserve.draws(180.0, 170.0, 200.0, seed=5))
    assert abs(np.corrcoef(found[1:], reserve.draws(180.0, 170.0, 200.0, seed=6)[1:])[0, 1]) < 0.2
    assert set(reserve.draws(180.0, 180.0, 180.0, seed=5)) == {180.0}


def test_the_limits_of_the_maximum_are_those_of_the_zones():
    own = zones.estimate(AthleteState())
    found = reserve.interval(reserve.estimate(AthleteState()).maximum)
    assert found == pytest.approx((own.maximum, own.maximum_low, own.maximum_high), abs=0.01)


def test_what_moves_together():
    moved = reserve.moves(np.array([150.0, 160.0]), np.array([140.0, 155.0]), np.array([160.0, 165.0]), seed=3)
    assert moved.shape == (2, 1 + reserve.DRAWS)
    assert (moved[:, 0] == 0).all()
    np.testing.assert_allclose(moved[0], 2 * moved[1])


def test_what_was_told_is_exact():
    own = reserve.estimate(told(max_heart_rate=190, resting_heart_rate=50, age=40, sex="female"))
    assert set(own.maximum) == {190.0}
    assert set(own.resting) == {50.0}
    assert set(own.women) == {1.0}
    np.testing.assert_allclose(own.share(np.array([[50.0], [120.0], [190.0], [230.0], [30.0]]))[:, 0], [0, 0.5, 1, 1, 0])
    assert reserve.text(own) == (
        "Computed with: maximum heart rate 190 as self-reported, "
        "resting heart rate 50 as self-reported, sex female as self-reported."
    )


def test_what_was_not_told_is_uncertain():
    own = reserve.estimate(AthleteState())
    estimated = zones.estimate(AthleteState())
    value, low, high = reserve.interval(own.maximum)
    assert value == estimated.maximum
    assert (low, high) == pytest.approx((estimated.maximum_low, estimated.maximum_high), abs=1)
    assert reserve.interval(own.resting) == pytest.approx((60, 50.1, 69.9), abs=0.3)
    assert own.women[0] == own.women[1:].mean() == 0.5
    assert "resting heart rate 60 (50 to 70) as runners have in general, sex not known" in reserve.text(own)
    assert reserve.text(own, with_sex=False).endswith("resting heart rate 60 (50 to 70) as runners have in general.")
    (said,) = reserve.advice(own, with_sex=False)
    assert (
        said == "Make it more certain: `hrkeras update me.json --resting-heart-rate 52 --age 41`, then give `--athlete me.json`."
    )
