"""What the page of docs/demo learns is what `hrkeras update`, `fitness` and `plan` learn and say of the same files."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from hrkeras.athlete import athlete_file, facts, population, zones
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import STATES
from hrkeras.evaluation.exported import base
from hrkeras.personal import athlete_update, prediction, run_choice, timeline
from hrkeras.personal.planning import planner
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.readers import route, tracks

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "examples" / "athlete_vectors.json").read_text(encoding="utf-8"))


def workouts(paths):
    return [workout for path in paths for workout in tracks.read(path)]


@pytest.fixture(scope="module")
def kept(runs, tmp_path_factory):
    """The file of all runs but the last, as `hrkeras update` writes it."""
    path = tmp_path_factory.mktemp("kept") / "me.json"
    athlete_update.update(path, runs[:-1], base())
    return path


def assert_same(found, wanted, where=""):
    """JSON that is the same but for rounding."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), where
        for name in wanted:
            assert_same(found[name], wanted[name], f"{where}.{name}")
    elif isinstance(wanted, list) and wanted and isinstance(wanted[0], list | str):
        assert len(found) == len(wanted)
        for place, (one, other) in enumerate(zip(found, wanted, strict=True)):
            assert_same(one, other, f"{where}[{place}]")
    elif isinstance(wanted, list | float):
        np.testing.assert_allclose(np.array(found, float), np.array(wanted, float), rtol=1e-3, atol=2e-3, err_msg=where)
    else:
        assert found == wanted, where


def test_it_learns_what_update_learns(page, runs, kept, tmp_path):
    page.give(*runs[3:-1], *runs[:3])  # in whatever order
    assert_same(json.loads(page.saved()), json.loads(kept.read_text()))
    path = tmp_path / "of_the_page.json"
    path.write_text(page.saved(), encoding="utf-8")
    report = athlete_update.update(path, runs, base())  # which goes on where the page has ended
    assert (report.known, len(report.added)) == (len(runs) - 1, 1)
    assert "6 runs" in page.text("learnt")


def test_the_last_run_is_predicted_from_those_before(page, runs, kept):
    page.give(*runs)
    wanted = prediction.predict(workouts(runs[-1:])[0], athlete_file.load(kept), base())
    for name, values in (("predicted", wanted.heart_rate), ("low", wanted.low), ("high", wanted.high)):
        np.testing.assert_allclose(page.last(name), values, atol=0.05)
    alone = prediction.predict(workouts(runs[-1:])[0], None, base())
    assert np.abs(alone.heart_rate - wanted.heart_rate).mean() > 1
    assert "6 earlier runs tell of you" in page.text("notes")
    assert f"off by {wanted.error:.1f} on average, and {100 * wanted.inside:.0f} % lies" in page.text("notes")


def test_a_persons_file_and_a_new_run_are_enough(page, runs, kept):
    page.give(kept, runs[-1])
    wanted = prediction.predict(workouts(runs[-1:])[0], athlete_file.load(kept), base())
    np.testing.assert_allclose(page.last(), wanted.heart_rate, atol=0.05)
    assert json.loads(page.saved())["runs"] == 7
    assert page.text("known").startswith("What 6 runs told of you")
    page.open()
    assert "has learnt from it or from later" in page.refuse(kept, runs[2])
    assert page.text("fitness-words")


def test_a_persons_file_of_another_population_is_refused(page, tmp_path):
    other = base().population.as_dict() | {"level": 44.0}
    athlete_file.save(AthleteState(population.from_dict(other)), tmp_path / "me.json")
    assert "another population" in page.refuse(tmp_path / "me.json")


def damage(content):
    yield "weights", content | {"weights": content["weights"][:2]}
    yield "covariance", content | {"covariance": [[[0.0] * len(row) for row in rows] for rows in content["covariance"]]}
    yield "band", content | {"band": {"hours": [0.0] * 50, "tails": [0.1, 0.1]}}
    yield "count", content | {"runs": 1e9}
    yield "order", content | {"starts": content["starts"][::-1]}
    yield "huge", content | {"starts": [1e99, *content["starts"][1:]]}


def test_a_damaged_persons_file_is_refused(page, kept, tmp_path):
    for name, content in damage(json.loads(kept.read_text())):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(content))
        assert "its numbers are damaged" in page.refuse(path), name


def silent(path, folder):
    """A copy of a run without heart rate."""
    copy = folder / path.name
    copy.write_text(re.sub(r"<extensions>.*?</extensions>", "", path.read_text()))
    return copy


@pytest.mark.parametrize("quiet", [(), (2, 4)], ids=["all with heart rate", "two without"])
def test_fitness_is_that_of_the_command_line(quiet, page, runs, tmp_path):
    given = [silent(path, tmp_path) if number in quiet else shutil.copy(path, tmp_path) for number, path in enumerate(runs)]
    page.give(*given)
    wanted = timeline.write(workouts(given))
    line = page.value("page.js", "it.shown.line")
    assert len(line) == len(wanted.entries) == len(runs) - len(quiet)
    for name in ("value", "low", "high"):
        np.testing.assert_allclose(
            [each[name] for each in line], [getattr(entry.at_pace, name) for entry in wanted.entries], atol=0.1
        )
    assert page.value("page.js", "it.shown.speed") == pytest.approx(wanted.speed)
    assert f"your heart rate is {wanted.entries[-1].at_pace.value:.0f} beats/min" in page.text("fitness-words")
    assert page.browser.evaluate("document.querySelectorAll('#fitness-chart circle').length") == len(line)


def test_a_run_without_heart_rate_teaches_nothing(page, runs, tmp_path):
    page.give(silent(runs[0], tmp_path))
    assert "no heart rate, so nothing was learnt" in page.text("notes")
    assert page.text("learnt") == "Learnt from 0 runs.Not learnt from: 1 heart rate incomplete."
    assert page.browser.evaluate("document.getElementById('fitness').hidden && document.getElementById('save').disabled")


@pytest.mark.parametrize("even", ["pace", "effort"])
def test_a_plan_is_that_of_the_command_line(even, page, runs, kept):
    page.give(kept)
    page.browser.evaluate(f"pace.value = '6:10'; limit.value = '150'; even.checked = {str(even == 'effort').lower()}")
    page.give(runs[0], to="#course")
    names = "mean, highest, highestAt, highestLimit, tooHard, start, seconds, kilometres"
    code = f"(({{{names}}}) => ({{{names}}}))(it.planning.shown)"
    found = page.value("page.js", code)
    plans = planner.Planner(route.read(runs[0]), athlete_file.load(kept), found["start"], even, base())
    wanted = plans.at(1000 / 370)
    np.testing.assert_allclose(found["mean"], wanted.mean, atol=0.1)
    np.testing.assert_allclose([found["highest"], found["highestLimit"]], [wanted.highest[0], wanted.highest_limit], atol=0.1)
    assert found["tooHard"] == pytest.approx(wanted.too_hard, abs=0.01)
    assert found["seconds"] == pytest.approx(wanted.seconds, abs=0.1)
    for row, kilometre in zip(found["kilometres"], wanted.kilometres(), strict=True):
        np.testing.assert_allclose(row["levels"], kilometre[-3:], atol=0.2)
        assert (row["length"], row["seconds"], row["climb"]) == pytest.approx(kilometre[1:4], abs=0.5)
    under, wholly = plans.under(150), plans.under(150, wholly=True)
    for plan in (under, wholly):
        minutes, seconds = divmod(round(1000 / plan.plan.speed), 60)
        assert f"{minutes}:{seconds:02} min/km" in page.text("plan-words")


def test_the_maximum_is_that_of_the_command_line(page, runs, kept, tmp_path):
    page.give(*runs[:-1])
    wanted = zones.estimate(athlete_file.load(kept))
    found = page.value("athlete/zones.js", f"it.zones((await import('{page.address}page.js')).shown.athlete)")
    np.testing.assert_allclose(found["maximum"], [wanted.maximum, wanted.maximum_low, wanted.maximum_high], atol=0.1)
    np.testing.assert_allclose(found["threshold"], [wanted.threshold, wanted.threshold_low, wanted.threshold_high], atol=0.1)
    assert f"maximum heart rate is about {wanted.maximum:.0f} (" in page.text("fitness-words")
    shutil.copy(kept, tmp_path / "me.json")
    athlete_update.update(tmp_path / "me.json", [], base(), told=facts.Facts(max_heart_rate=150.0))
    page.open()
    page.browser.evaluate("pace.value = '4:00'; limit.value = '149'")
    page.give(tmp_path / "me.json")
    page.give(runs[0], to="#course")
    assert "this asks for your maximum of 150 or more, so it can hardly be kept up" in page.text("plan-words")
    assert max(page.value("page.js", "Array.from(it.planning.shown.high)")) == 150
    plans = planner.Planner(
        route.read(runs[0]),
        athlete_file.load(tmp_path / "me.json"),
        page.value("page.js", "it.planning.shown.start"),
        "pace",
        base(),
    )
    for result in (plans.under(float("inf")), plans.under(149)):
        minutes, seconds = divmod(round(1000 / result.plan.speed), 60)
        assert f"{minutes}:{seconds:02} min/km" in page.text("plan-words")


ROUTE = "<gpx><rte>{}</rte></gpx>".format("".join(f'<rtept lat="{30 + place / 100}" lon="-50"/>' for place in range(5)))


def test_a_route_that_is_dropped_is_planned_for_anyone(page, tmp_path):
    (tmp_path / "route.gpx").write_text(ROUTE)
    page.browser.drop(tmp_path / "route.gpx")
    page.browser.wait("document.getElementById('plan-words').textContent")
    page.settle()
    said = page.text("plan-words")
    assert said.startswith(
        "route.gpx: 4.4 km, taken as flat, since the file has no altitude. At 6:00 min/km (even pace) it takes 26:41."
    )
    assert "lie over 1 km apart" in said
    page.browser.evaluate("pace.value = 'fast'")
    page.browser.evaluate("document.getElementById('make-plan').click()")
    page.browser.wait("document.getElementById('error').textContent")
    assert "Expected a pace" in page.text("error")
    (tmp_path / "short.gpx").write_text(ROUTE.replace("30.", "30.000"))
    assert "a course of 0.00 km" in page.refuse(tmp_path / "short.gpx", to="#course")
    (tmp_path / "me.json").write_text("{}")
    assert "expected the course" in page.refuse(tmp_path / "me.json", to="#course")


def described(page, kept, run):
    """What the page's state says of a run of the vectors, after what is kept."""
    given = {name: run[name] for name in ("start", "speed", "altitude")}
    code = (
        f"(async () => {{ const description = (await (await fetch('{page.address}model.onnx.json')).json());"
        f" description.population = {json.dumps(VECTORS['population'])};"
        f" const {{Athlete}} = await import('{page.address}athlete/athlete.js');"
        f" const athlete = {f'it.load({json.dumps(kept)}, description)' if kept else 'new Athlete(description)'};"
        f" const {{expected, course, history}} = athlete.predict({json.dumps(given)});"
        f" return {{expected, course, history}}; }})()"
    )
    return page.value("athlete/kept.js", code)


def test_the_state_says_what_the_vectors_say(page, tmp_path):
    athlete = AthleteState(population.from_dict(VECTORS["population"]))
    for run in VECTORS["runs"]:
        athlete_file.save(athlete, tmp_path / "me.json")
        found = described(page, (tmp_path / "me.json").read_text() if athlete.count else "", run)
        found["expected"] = found["expected"][::9]
        for name, values in found.items():  # null becomes NaN
            np.testing.assert_allclose(np.array(values, float), np.array(run["before"][name], float), rtol=1e-3, atol=1e-3)
        columns = (np.array(run[name], np.float32) for name in Grid._fields)
        athlete.update(run["start"], Grid(*columns))
    assert athlete.count == 3


def test_the_local_time_of_the_last_run_is_kept(page, tmp_path):
    athlete = AthleteState(population.from_dict(VECTORS["population"]))
    run = VECTORS["runs"][0]
    athlete.update(run["start"], Grid(*(np.array(run[name], np.float32) for name in Grid._fields)))
    athlete.utc_offset = 28_800.0
    athlete_file.save(athlete, tmp_path / "me.json")
    code = (
        f"(async () => {{ const description = (await (await fetch('{page.address}model.onnx.json')).json());"
        f" description.population = {json.dumps(VECTORS['population'])};"
        f" return it.save(it.load({json.dumps((tmp_path / 'me.json').read_text())}, description)); }})()"
    )
    (tmp_path / "again.json").write_text(page.value("athlete/kept.js", code))
    assert athlete_file.load(tmp_path / "again.json").utc_offset == 28_800.0


def test_a_persons_file_of_before_knows_weights_alone(page, tmp_path):
    path, athlete = tmp_path / "me.json", AthleteState(population.from_dict(VECTORS["population"]))
    first, _, run = VECTORS["runs"]
    grids = [Grid(*(np.array(each[name], np.float32) for name in Grid._fields)) for each in (first, run)]
    athlete.update(first["start"], grids[0])
    athlete_file.save(athlete, path)
    content = json.loads(path.read_text())
    content["weights"] = [row[: len(STATES)] for row in content["weights"]]
    content["covariance"] = [rows[: len(STATES)] for rows in content["covariance"]]
    path.write_text(json.dumps(content | {"version": 3}))
    before = athlete_file.load(path).predict(run["start"], grids[1]).expected
    np.testing.assert_allclose(described(page, path.read_text(), run)["expected"], before, rtol=1e-3, atol=1e-3)
    assert np.abs(athlete.predict(run["start"], grids[1]).expected - before).max() > 0.05


def test_a_real_export_is_learnt_as_by_the_command_line(page, real_data):
    path = real_data / "apple_health" / "export_ios16_broken_dtd.zip"
    page.give(path)
    found = list(run_choice.detect.read(path))
    wanted = timeline.write(found)
    np.testing.assert_allclose(
        [each["value"] for each in page.value("page.js", "it.shown.line")],
        [entry.at_pace.value for entry in wanted.entries],
        atol=0.1,
    )
    last, others, _ = run_choice.load_run(path, "latest")
    state = AthleteState()
    athlete_update.learn_from(state, others, last.start, base())
    np.testing.assert_allclose(page.last(), prediction.predict(last, state, base()).heart_rate, atol=0.1)
