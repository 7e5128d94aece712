"""Maximum, threshold and zones of a person, and time in them."""

import numpy as np
import pytest

from hrkeras.athlete import history, zones
from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import athlete_update
from hrkeras.utils.errors import InputError
from hrkeras.workouts.simulation import synthetic

HIGHEST = history.RECORD.index("highest_heart_rate")


@pytest.fixture(scope="module")
def known():
    """An athlete with 20 runs, and what is true of them."""
    athlete = AthleteState()
    athlete_update.learn_from(athlete, synthetic.read(athletes=1, runs=20, seed=2, flawed=0))
    return athlete, synthetic.draw_athlete(np.random.default_rng([2, 0]), 0)


def changed(athlete, **records):
    """The same with other highs."""
    found = AthleteState(**{name: getattr(athlete, name) for name in ("weights", "covariance", "starts", "ends", "count")})
    found.records = athlete.records.copy()
    found.records[:, HIGHEST] = records["highs"]
    return found


class TestEstimate:
    def test_of_nobody_it_is_what_people_have(self):
        found = zones.estimate(AthleteState())
        assert found.maximum == pytest.approx(211 - 0.64 * 40, abs=1)
        assert found.maximum_high - found.maximum_low == pytest.approx(2 * 1.28 * 13, abs=2)
        assert found.threshold == pytest.approx(0.91 * found.maximum, abs=1)

    def test_age_moves_it_and_makes_it_surer(self):
        anyone, young, old = (zones.estimate(AthleteState(), age=age) for age in (None, 20, 70))
        assert young.maximum - old.maximum == pytest.approx(0.64 * 50, abs=1)
        assert young.maximum_high - young.maximum_low < anyone.maximum_high - anyone.maximum_low

    def test_runs_bring_it_near_the_truth(self, known):
        athlete, who = known
        found, nobody = zones.estimate(athlete), zones.estimate(AthleteState())
        assert abs(found.maximum - who.maximum) < abs(nobody.maximum - who.maximum)
        assert found.maximum_low < who.maximum < found.maximum_high
        assert found.maximum_low < found.maximum < found.maximum_high
        assert found.maximum_high - found.maximum_low < 0.5 * (nobody.maximum_high - nobody.maximum_low)
        assert found.threshold_high - found.threshold_low < 0.7 * (nobody.threshold_high - nobody.threshold_low)
        assert found.threshold < found.maximum

    def test_the_fault_of_one_run_does_not_set_it(self, known):
        highs = np.linspace(150, 175, 20)
        before = zones.estimate(changed(known[0], highs=highs))
        highs[3] = 219
        assert abs(zones.estimate(changed(known[0], highs=highs)).maximum - before.maximum) < 4

    def test_steady_highs_of_several_runs_do(self, known):
        highs = np.linspace(150, 175, 20)
        highs[3:6] = 200, 201, 199
        assert zones.estimate(changed(known[0], highs=highs)).maximum_low > 195

    def test_what_is_given_stands(self, known):
        found = zones.estimate(known[0], maximum=201)
        assert (found.maximum, found.maximum_low, found.maximum_high) == (201, 201, 201)
        found = zones.estimate(known[0], threshold=160)
        assert (found.threshold, found.threshold_high) == (160, 160)
        assert found.edges.tolist() == [136, 144, 152, 160]
        assert found.limits == ["below 136", "136 to 143", "144 to 151", "152 to 159", "160 and above"]

    @pytest.mark.parametrize("given", [{"age": 300}, {"maximum": 20}, {"threshold": 500}, {"maximum": 150, "threshold": 180}])
    def test_what_cannot_be_is_refused(self, given):
        with pytest.raises(InputError, match="Expected (a )?(age|maximum|threshold) "):
            zones.estimate(AthleteState(), **given)


class TestTimes:
    edges = np.array([100.0, 120, 140, 160])

    def test_of_steps(self):
        heart_rate = np.array([99.4, 99.5, 119.4, np.nan, 119.5, 300])
        assert zones.seconds_in(self.edges, heart_rate, 10.0).tolist() == [10, 20, 10, 0, 10]

    def test_within_a_band(self):
        level = np.full(6, 130.0)
        least, most = zones.seconds_within(self.edges, level, level - 15, level + 5, 10.0)
        assert least.tolist() == [0, 0, 0, 0, 0]
        assert most.tolist() == [0, 60, 60, 0, 0]


@pytest.mark.parametrize("maximum", [100, 150])
def test_a_threshold_lies_below_a_maximum_that_is_known(maximum):
    athlete = AthleteState()
    athlete_update.learn(athlete, athlete_update.usable(synthetic.read(athletes=1, runs=6, seed=3)))
    found = zones.estimate(athlete, maximum=maximum)
    assert found.threshold_high < found.maximum == maximum
    assert zones.estimate(AthleteState(), maximum=maximum).threshold == pytest.approx(0.91 * maximum, abs=2)
