"""Pictures of few, many and gappy runs: that texts cover neither each other nor a marker, and that dates tell month and year."""

from types import SimpleNamespace

import numpy as np
import pytest
from overlaps import overlaps

from hrkeras.athlete.fitness import WithLimits
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.zones import estimate
from hrkeras.personal import person_plots
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.time_in_zones import Times
from hrkeras.utils import plotting
from hrkeras.workouts.grid import Grid

DAY = 86_400.0
DAYS = {
    "single": [18_300],
    "one day": [18_300.3, 18_300.7],
    "few": [18_300, 18_310, 18_312, 18_355],
    "over the new year": range(18_250, 18_275, 2),
    "many": np.arange(18_300, 19_800, 3.5),
    "gappy": [start + day for start in (15_000, 15_400, 17_500, 18_400) for day in (0, 1, 2, 3, 9)],
    "long ago": [3000, 12_000, 20_000],
}


def timeline(days, share_out=0.15, seed=0):
    random = np.random.default_rng(seed)
    entries = []
    for day in days:
        outlier, value = bool(random.random() < share_out), random.normal(150, 2)
        residual = random.normal(0, 30 if outlier else 5)
        told = WithLimits(value, value - 6, value + 6)
        entries.append(SimpleNamespace(start=day * DAY, utc_offset=np.nan, at_pace=told, residual=residual, stands_out=outlier))
    return SimpleNamespace(entries=entries, speed=1000 / 330)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("name", DAYS)
def test_fitness(name, narrow):
    for share_out in (0.0, 1.0):
        figure = person_plots.fitness(timeline(DAYS[name], share_out), narrow)
        assert overlaps(figure) == []
        (axes,) = figure.axes
        entries = [text for text in axes.texts if text.get_text()]
        assert len(entries) <= person_plots.LABELLED
        assert bool(entries) == bool(share_out)
        markers = axes.transData.transform(axes.lines[-1].get_xydata()) if share_out else []
        for label in entries:
            box = label.get_window_extent()
            assert not any(box.contains(*middle) for middle in markers)
            assert axes.bbox.x0 <= box.x0 <= box.x1 <= axes.bbox.x1
            assert axes.bbox.y0 <= box.y0 <= box.y1 <= axes.bbox.y1


def test_a_single_run_has_its_interval():
    (axes,) = person_plots.fitness(timeline(DAYS["single"], 0.0)).axes
    (band,) = axes.collections
    box = band.get_paths()[0].get_extents()
    assert box.height == pytest.approx(12)
    assert box.width == pytest.approx(0.012 * 14)


@pytest.mark.parametrize("start", [18_250.4, 18_322, 10_955])
def test_dates_tell_month_and_year(start):
    _, axes = plotting.new_figure(size=person_plots.NARROW)
    for span in [*range(0, 120), *range(120, 1000, 7), *range(1000, 20_000, 400)]:
        plotting.date_axis(axes, [start * DAY, (start + span) * DAY])
        low, high = axes.get_xlim()
        assert low < start <= start + span < high
        labels, ticks = [label.get_text() for label in axes.get_xticklabels()], axes.get_xticks()
        assert 2 <= len(ticks) <= plotting.MOST_DATES
        ends = [np.datetime64(int(day), "D").item() for day in dict.fromkeys((start, start + span))]
        assert axes.get_xlabel() == " to ".join(f"{day.day} {day:%b %Y}" for day in ends)
        room = 7 * max(len(part) for label in labels for part in label.split("\n"))  # points
        assert (np.diff(ticks) * 230 / (high - low) > room).all()
        years = [label.partition("\n")[2] for label in labels]
        assert years[0]
        told = np.datetime64("1970-01-01") + ticks.astype("timedelta64[D]")
        assert [year for year in years if year] == list(dict.fromkeys(str(date.astype("datetime64[Y]")) for date in told))
        for label, date in zip(labels, told.tolist(), strict=True):
            assert label.partition("\n")[0] in (f"{date:%b}", f"{date.day} {date:%b}")


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("steps", [1, 125, 2500])
@pytest.mark.parametrize("altitude", [0.0, 1200.0])
@pytest.mark.parametrize("measured", [False, True])
def test_run(steps, altitude, measured, narrow):
    speed, middle = np.full(steps, 3.0), np.linspace(100, 180, steps)
    grid = Grid(
        speed, altitude + 30 * np.sin(speed.cumsum()) * bool(altitude), middle + 3 if measured else np.full(steps, np.nan)
    )
    found = Prediction(0.0, grid, middle, middle - 9, middle + 9, 3, bool(altitude), [])
    title = "" if narrow else "Run of 2025-12-21 23:59 UTC, heart rate estimated"
    assert overlaps(person_plots.run(found, title, narrow)) == []


@pytest.mark.parametrize(("hours", "silent"), [(0.0, 0), (0.3, 0), (400.0, 3), (0.0, 800)])
def test_zones(hours, silent):
    measured, estimated = np.array([9.0, 3, 2, 1, 0]) * 3600 * hours, np.array([4.0, 3, 2, 1, 0.5]) * 3600 * silent
    times = Times(12, measured, 0.0, 0.0, silent, estimated, np.stack([estimated / 2, estimated * 3]))
    figure = person_plots.zones(estimate(AthleteState()), times, times)
    assert overlaps(figure) == []
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert all(axes.get_xlim()[1] > 1.02 * max(bar.get_x() + bar.get_width() for bar in axes.patches) for axes in figure.axes)


def test_zones_of_a_run_without_heart_rate():
    estimated = np.array([1200.0, 600, 0, 60, 0])
    times = Times(0, np.zeros(5), 0.0, 0.0, 1, estimated, np.stack([estimated, estimated]))
    figure = person_plots.zones(estimate(AthleteState()), times, times)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["estimated, with the limits of its prediction interval"]
    assert [axes.get_title(loc="left").partition("\n")[2] for axes in figure.axes] == ["1 run, estimated"] * 2
    assert [text.get_text() for text in figure.axes[0].texts] == ["0:20", "0:10", "0:00", "0:01", "0:00"]
