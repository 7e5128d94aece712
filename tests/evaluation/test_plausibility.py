"""No way of asking a model gives an answer far from what is known without a warning."""

import re
from dataclasses import replace

import keras
import numpy as np
import pytest
from made_up import made_up

from hrkeras import models
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import DAY
from hrkeras.datasets import selection
from hrkeras.evaluation import evaluate, score_warnings
from hrkeras.evaluation.scores import Score
from hrkeras.models import Statistics, saving
from hrkeras.personal import prediction, prediction_warnings
from hrkeras.training import finetuning
from hrkeras.workouts.prepare import examine
from hrkeras.workouts.quality import Limits
from hrkeras.workouts.simulation import synthetic


@pytest.fixture(scope="module")
def sleeper():
    """A model that says about 70 beats/min whoever runs, 70 to 80 too few."""
    keras.utils.set_random_seed(0)
    return models.gru(units=2, num_layers=1, history=False, course=False, statistics=Statistics(heart_rate_mean=70.0))


@pytest.fixture(scope="module")
def workouts():
    return list(synthetic.read(athletes=1, runs=8, seed=8, flawed=0, faulty=0))


def test_a_prediction_far_from_what_is_known_of_the_person(sleeper, workouts):
    *earlier, last = workouts
    athlete = AthleteState(saving.population(sleeper))
    assert len(prediction.predict(last, athlete, sleeper).warnings) == 2  # from what people do; from what was measured
    for each in earlier:
        run = examine(each, Limits())
        assert not isinstance(run, str)
        athlete.update(run.start, run.grid)
    far, measured = prediction.predict(last, athlete, sleeper).warnings
    assert re.match(r"the model predicts [67]\d beats/min on average", far)
    assert "what is known of the person suggests 1" in far
    assert "the measured mean is" in measured
    assert prediction.predict(last, athlete).warnings == []  # the state by itself
    ((old),) = prediction.predict(replace(last, start=last.start + 400 * DAY), athlete).warnings
    assert "the last run known of the person is 40" in old
    jumping = replace(last, altitude=np.where(last.time < 600, 100.0, 2500.0))
    assert any(
        "its altitude changes by 2400 m within 10 s at minute 10.0" in said for said in prediction.predict(jumping).warnings
    )


def test_scores_that_are_no_better_than_a_mean(sleeper):
    runs = made_up(people=2, runs=8, steps=(60, 90))
    found = evaluate.evaluate(sleeper, runs, "profile", name="sleeper")
    assert len(found.warnings) == 2
    assert found.warnings[0].startswith(
        f"sleeper is off by {found.people[0][0].mae:.1f} beats/min for person 0, no better than the "
    )
    ahead = evaluate.evaluate(sleeper, runs, "imputation", name="sleeper")
    assert "no better than the linear interpolation" in ahead.warnings[0]


def test_stages_that_are_no_better_than_a_mean(sleeper):
    mine = selection.part(runs := made_up(people=2, runs=14, steps=(60, 90)), selection.of_person(runs, 1))
    found = finetuning.compare(sleeper, sleeper, sleeper, mine)
    assert [row.name for row in found.rows if row.worse_by is None] == [finetuning.FINETUNED]
    assert len(found.warnings) == 4
    assert finetuning.FINETUNED not in found.like_best


def test_what_is_good_is_not_doubted():
    good, mean = (Score(name, mae, mae, mae, (mae, mae), 1, 1) for name, mae in (("model", 5.0), ("person's mean", 12.0)))
    assert score_warnings.of_scores([good, mean], ["model"]) == []
    assert score_warnings.of_scores([good], ["model"]) == []
    for worse_by, says in (
        ((-1.0, -2.0, -0.5), "do not use it there"),
        ((-1.0, -2.0, 0.5), "may be chance"),
        (None, "do not use"),
    ):
        (warning,) = score_warnings.of_scores([replace(good, mae=13.0), replace(mean, worse_by=worse_by)], ["model"])
        assert says in warning
    steps = np.full(5, 150.0)
    assert prediction_warnings.of_prediction(steps + 20, steps, np.full(5, 8.0), steps * np.nan, 3.0) == []
    (said,) = prediction_warnings.of_prediction(steps, steps, np.full(5, 8.0), np.array([190.0, 194, np.nan, 198, np.nan]), 3.0)
    assert said.startswith(
        "the measured mean is 194 beats/min where 150 is predicted, and a mean absolute error of 44 is more than"
    )
    assert len(prediction_warnings.of_prediction(steps * np.nan, steps, np.full(5, 8.0), steps, 3.0)) == 2  # no number at all
