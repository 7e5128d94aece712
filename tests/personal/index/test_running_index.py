"""Pace at a heart rate and VO2max: by hand, and of a person whose pace and heart rate are known."""

import numpy as np
import pytest

from hrkeras.athlete import facts, fitness, reserve
from hrkeras.personal import timeline
from hrkeras.personal.index import index_plot, index_text, running_index
from hrkeras.utils.errors import InputError
from hrkeras.workouts.simulation import synthetic


@pytest.fixture(scope="module")
def written():
    return timeline.write(list(synthetic.read(athletes=1, runs=20, seed=5, flawed=0, faulty=0)))


def body(maximum=190.0, resting=50.0) -> reserve.Reserve:
    flat = np.ones(1 + reserve.DRAWS)
    return reserve.Reserve(maximum * flat, resting * flat, 0 * flat, facts.Facts())


def test_the_speed_at_a_heart_rate_by_hand():
    speeds = np.linspace(2.0, 4.0, 21)
    rates = np.stack([100 + 20 * speeds + shift for shift in (0, -5, 5)], axis=1)
    assert running_index.at_heart_rate(speeds, rates, 160.0) == pytest.approx([3.0, 2.75, 3.25])
    assert running_index.at_heart_rate(speeds, rates, 178.0) == pytest.approx([3.9, 3.65, 4.0])
    assert np.isnan(running_index.at_heart_rate(speeds, rates, 181.0)).all()
    assert np.isnan(running_index.at_heart_rate(speeds, rates, 139.0)).all()


def test_vo2max_by_hand():
    value, low, high = running_index.vo2max(3.0, np.array([148.0, 148.0, 148.0]), body())
    assert value == pytest.approx(3.5 + 0.2 * 180 / 0.7)
    assert (low, high) == pytest.approx((value * (1 - 1.2816 * 4 / 36.9), value * (1 + 1.2816 * 4 / 36.9)), rel=0.01)
    wide = running_index.vo2max(3.0, np.array([148.0, 138.0, 158.0]), body())
    assert wide[1] < low
    assert wide[2] > high


@pytest.mark.parametrize(("speed", "heart_rate"), [(1.3, 148.0), (3.0, 100.0), (3.0, 189.0)])
def test_vo2max_is_not_told_of_a_walk_nor_of_too_easy_or_hard_a_pace(speed, heart_rate):
    assert np.isnan(running_index.vo2max(speed, np.full(3, heart_rate), body())).all()


def test_heart_rates_at_several_paces_are_those_at_each(written):
    views, starts = [entry.view for entry in written.entries], [entry.start for entry in written.entries]
    speeds = np.array([2.5, 3.0])
    found = fitness.at_paces(views, starts, speeds)
    for row, place in ((0, 0), (7, 1), (19, 0)):
        np.testing.assert_allclose(found[row, place], views[row].at_pace(starts[row], speeds[place]), rtol=1e-6)


def test_at_the_pace_that_was_found_the_heart_rate_is_the_one_asked_for(written):
    heart_rate = running_index.usual_heart_rate(written)
    assert heart_rate % 5 == 0
    found = running_index.follow(written, heart_rate, body())
    assert len(found) == 20
    last = written.entries[-1]
    assert last.view.at_pace(last.start, found[-1].speed[0]).value == pytest.approx(heart_rate, abs=0.3)
    assert found[-1].speed[1] < found[-1].speed[0] < found[-1].speed[2]
    faster = running_index.follow(written, heart_rate + 10, body())
    assert faster[-1].speed[0] > found[-1].speed[0]
    lines = index_text.lines(found, heart_rate, written.speed, body())
    assert lines[1].startswith(f"At {heart_rate:.0f} beats/min, your pace on the flat is ")
    assert any(line.startswith("VO2max, the most oxygen that your body can use, is about ") for line in lines)
    assert not any("sex" in line for line in lines)
    assert index_text.results(found, heart_rate, written.speed) == lines[1 : lines.index(reserve.text(body(), with_sex=False))]
    told = index_text.as_dict(found, heart_rate, written.speed, body())["runs"][-1]["seconds_per_km"]
    assert told["low"] < told["value"] < told["high"]
    assert told["value"] == pytest.approx(1000 / found[-1].speed[0], abs=0.1)


def test_a_heart_rate_out_of_reach_is_refused_with_those_in_reach(written):
    for wrong in (70, 215):
        with pytest.raises(InputError, match=r"Expected a heart rate from \d+ to \d+ beats/min"):
            running_index.follow(written, wrong, body())


def index(day, seconds):
    speed = 1000 / np.array([seconds, seconds + 10, seconds - 10])
    return running_index.Index(86_400.0 * day, float("nan"), speed, np.full(3, np.nan), 0.7)


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.31, "takes 31 % of your heart rate reserve (maximum less resting), and less than 40 % says little of how much oxygen"),
        (0.98, "takes 98 % of your heart rate reserve (maximum less resting), and more than 95 % cannot be kept up: the maximum"),
    ],
)
def test_it_says_which_share_of_the_reserve_the_pace_takes(share, said):
    (_, sentence) = index_text.results([index(0, 360)._replace(share=share)], 150, 1000 / 360)
    assert sentence.startswith(f"VO2max cannot be told: 6:00 /km, your usual pace, {said}")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (330, "-30 s/km since (-44 to -16 four times in five), faster."),
        (370, "+10 s/km since (-4 to +24 four times in five), slower, which may be chance."),
        (360, "it was 6:00 /km too."),
    ],
)
def test_change(now, said):
    found = [*(index(day, 360) for day in range(6)), index(300, now)]
    assert index_text.change(found).endswith(said)
    assert index_text.change(found[:3]) == ""
    told = index_text.as_dict(found, 150, 3.0, body())
    assert told["change"] | {"low": 0, "high": 0} == {
        **{"since": "1970-01-01T00:00Z", "before": 360, "value": now - 360, "low": 0, "high": 0},
        **{"certain": now == 330, "unit": "s/km"},
    }
    assert (told["change"]["low"], told["change"]["high"]) == (now - 360 - 14.1, now - 360 + 14.1)
    assert index_text.as_dict(found[:3], 150, 3.0, body())["change"] is None


def test_a_limit_at_the_edge_of_what_is_looked_at_is_open():
    assert index_text._pace(1000 / np.array([360.0, 400.0, 330.0]), 1000 / 400) == "6:00 /km (5:30 to 6:40)"
    edges = 1000 / 400 * running_index.SHARES[[0, -1]]
    assert index_text._pace(np.array([2.5, *edges]), 2.5) == "6:40 /km (4:10 or faster to 11:07 or slower)"


def test_the_picture_names_its_lines_and_bands_and_has_paces_in_whole_or_half_minutes():
    found = [index(day, 360)._replace(vo2max=np.array([50.0, 45.0, 55.0])) for day in range(0, 400, 10)]
    found[-1] = found[-1]._replace(speed=1000 / np.array([400.0, 640.0, 231.0]))
    figure = index_plot.index(found, 150, 1000 / 231)
    above, below = figure.axes
    names = [[text.get_text() for text in axes.get_legend().get_texts()] for axes in (above, below)]
    assert names == [["pace", "10 to 90 %", "3:51 /km, the fastest pace looked at"], ["VO2max", "10 to 90 %"]]
    slowest, quickest = above.get_ylim()
    assert slowest > 640
    assert quickest < 231
    assert all(tick % 30 == 0 for tick in above.get_yticks())
    assert sum(quickest < tick < slowest for tick in above.get_yticks()) >= 3
    assert len(index_plot.index(found[:-1], 150, 1000 / 231).axes[0].get_legend().get_texts()) == 2
