"""The report's section on drift, and the weather on days that stand out."""

from dataclasses import replace

import numpy as np
import pytest

from hrkeras.personal import fitness_text, timeline
from hrkeras.personal.report import page
from hrkeras.workouts.simulation import synthetic


@pytest.fixture(scope="module")
def workouts():
    return list(synthetic.read(athletes=1, runs=20, seed=5, flawed=0, faulty=0))


def test_it_tells_the_drift_and_the_weather_of_days_that_stand_out(workouts):
    hot = replace(workouts[18], heart_rate=workouts[18].heart_rate + 40, temperature=np.full(len(workouts[18]), 31.0))
    written = timeline.write([*workouts[:18], hot, workouts[19]])
    text = page.page(written)
    assert "Drift within your runs" in text
    assert "Usual for you: at" in text
    assert '<th scope="col" class="text">weather</th>' in text
    assert '<td class="text" data-label="weather">31\N{NO-BREAK SPACE}°C</td>' in text
    assert fitness_text.residual(fitness_text.standing_out(written)[0]).endswith("above what was expected, at 31 °C")


def test_it_is_left_out_where_nothing_can_be_said(workouts):
    short = [replace(run, heart_rate=np.where(run.time < 1500, run.heart_rate, np.nan)) for run in workouts[:4]]
    text = page.page(timeline.write(short))
    assert "Drift within your runs" not in text
    assert "weather" not in text
