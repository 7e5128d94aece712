"""The page of docs/demo, in Chromium: it predicts what the model does, sends nothing, and says what is wrong with a file."""

import json
import re
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import chromium
import numpy as np
import pytest
from chromium import assert_accessible, demo, fetched

from hrkeras.athlete import athlete_file, population
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import STATES
from hrkeras.evaluation.exported import base
from hrkeras.models import saving
from hrkeras.personal import prediction, run_choice
from hrkeras.workouts.grid import Grid, resample
from hrkeras.workouts.simulation import formats, synthetic

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "examples" / "athlete_vectors.json").read_text(encoding="utf-8"))
READY = "document.getElementById('status')?.textContent.startsWith('Ready')"
ERROR = "document.getElementById('error').textContent"
READOUT = "document.getElementById('readout').textContent"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """A server of a folder, as the address of it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def address(exported, tmp_path_factory):
    for package in ("onnxruntime", "tf2onnx"):
        pytest.importorskip(package)
    model, _ = exported("gru", "onnx", quantize=False)
    folder = tmp_path_factory.mktemp("site")
    fetched(demo.build, folder, model)
    with served(folder) as place:
        yield place


@pytest.fixture(scope="module")
def page(address, tmp_path_factory):
    if not chromium.find():
        pytest.skip("no Chromium")
    with chromium.Chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def fresh(page, address):
    """The page, opened anew."""
    page.requests.clear()
    page.errors.clear()
    page.do("Page.navigate", url=address)
    page.wait(READY)
    return page


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """GPX files of one simulated person, in order."""
    return formats.write_gpx_folder(synthetic.simulate(1, 3, seed=8, flawed=0, faulty=0), tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def model(saved):
    return saving.load(saved("gru"))


def predicted(page, address, path):
    """What the page shows of a file, once it does."""
    code = (
        f"import('{address}page.js').then(({{shown}}) => shown?.name === {json.dumps(path.name)} && Array.from(shown.predicted))"
    )
    page.wait(f"{code}.then((values) => Boolean(values) || Boolean({ERROR}))")
    assert page.evaluate(ERROR) == ""
    return page.evaluate(code)


def wanted(path, model, athlete=None):
    return prediction.predict(run_choice.load_run(path)[0], athlete, model).heart_rate


def test_it_has_the_base_model_if_none_is_given(page, runs, tmp_path):
    fetched(demo.build, tmp_path)
    with served(tmp_path) as place:
        page.do("Page.navigate", url=place)
        page.wait(READY)
        page.choose("#files", runs[1])
        np.testing.assert_allclose(predicted(page, place, runs[1]), wanted(runs[1], base()), atol=0.02)


def mangled(text):
    """A GPX file with all that goes wrong in one: order, gaps, positions, outliers, times of another zone, missing values."""
    head, *points, tail = re.split(r"(?=<trkpt)|(?<=</trkpt>)\s*(?=</trkseg>)", text)
    points = [*points[:300], *points[340:600], *points[900:]]
    for place in range(20, 50):
        points[place] = re.sub(r'lat="[^"]*" lon="[^"]*"', 'lat="0" lon="0"', points[place])
    points[60] = re.sub(r"<ele>.*</ele>", "<ele>9999</ele>", points[60])
    for place in range(70, 80):
        points[place] = points[place].replace("<time>", "<speed>2.5</speed><time>")
    points[90:100] = [re.sub(r"<ns3:hr>.*</ns3:hr>", "", each) for each in points[90:100]]
    points[110:120] = [each.replace(".000Z", "") for each in points[110:120]]
    points[130:140] = [re.sub(r"<ele>.*</ele>|<time>.*</time>", "", each) for each in points[130:140]]
    return "".join([head, *reversed(points), points[5], tail])


CHANGES = {
    "as written": lambda text: text,
    "mangled": mangled,
    "without altitude and heart rate": lambda text: re.sub(r"<ele>.*?</ele>|<ns3:hr>.*?</ns3:hr>", "", text),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_predicts_what_the_model_does_and_sends_nothing(change, fresh, address, runs, model, tmp_path):
    path = tmp_path / "run.gpx"
    path.write_text(change(runs[1].read_text()))
    before = len(fresh.requests)
    fresh.choose("#files", path)
    found = predicted(fresh, address, path)
    np.testing.assert_allclose(found, wanted(path, model), atol=0.02)
    assert before == len(fresh.requests) > 5
    assert all(url.startswith((address, "data:")) for url in fresh.requests)
    assert fresh.errors == []
    latitude = re.search(r'lat="(-?\d+\.\d\d)', runs[1].read_text())[1]
    assert latitude not in fresh.evaluate("document.documentElement.outerHTML")


def test_with_a_persons_file_it_predicts_for_the_person(fresh, address, runs, model, tmp_path):
    athlete = AthleteState(saving.population(model))
    for path in runs[:2]:
        workout, _, _ = run_choice.load_run(path)
        assert athlete.update(workout.start, resample(workout)) == "added"
    athlete_file.save(athlete, tmp_path / "me.json")
    fresh.drop(tmp_path / "me.json", runs[2])
    found = predicted(fresh, address, runs[2])
    np.testing.assert_allclose(found, wanted(runs[2], model, athlete), atol=0.02)
    assert np.abs(np.array(found) - wanted(runs[2], model)).mean() > 1
    assert "2 earlier runs" in fresh.evaluate("document.getElementById('notes').textContent")
    assert_refused(fresh, [runs[0]], "has learnt from")


def described(page, address, description, kept, run):
    """What the page's state says of a run of the vectors."""
    given = {name: run[name] for name in ("start", "speed", "altitude")}
    return page.evaluate(
        f"import('{address}athlete.js').then(({{Athlete}}) => new Athlete({json.dumps(description)}, {kept})"
        f".predict({json.dumps(given)}))"
    )


@pytest.fixture
def description(exported):
    return exported("gru", "onnx", quantize=False)[1] | {"population": VECTORS["population"]}


def test_the_state_says_what_the_vectors_say(fresh, address, description, tmp_path):
    athlete = AthleteState(population.from_dict(VECTORS["population"]))
    for run in VECTORS["runs"]:
        athlete_file.save(athlete, tmp_path / "me.json")
        kept = (tmp_path / "me.json").read_text() if athlete.count else "undefined"
        found = described(fresh, address, description, kept, run)
        found["expected"] = found["expected"][::9]
        for name, values in found.items():  # null becomes NaN
            np.testing.assert_allclose(np.array(values, float), np.array(run["before"][name], float), rtol=1e-3, atol=1e-3)
        columns = (np.array(run[name], np.float32) for name in Grid._fields)
        athlete.update(run["start"], Grid(*columns))
    assert athlete.count == 3


def test_a_persons_file_of_before_knows_weights_alone(fresh, address, description, tmp_path):
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
    found = described(fresh, address, description, path.read_text(), run)["expected"]
    np.testing.assert_allclose(found, before, rtol=1e-3, atol=1e-3)
    assert np.abs(athlete.predict(run["start"], grids[1]).expected - before).max() > 0.05


def assert_refused(page, paths, reason):
    page.evaluate(f"{ERROR} = ''")
    page.choose("#files", *paths)
    page.wait(ERROR)
    assert reason in page.evaluate(ERROR)
    assert all("inline style" in each for each in page.errors)  # of the page that Chromium makes of a damaged file


HEAD = '<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
TAIL = "</trkseg></trk></gpx>"
POINT = '<trkpt lat="{0}" lon="1"><time>2025-01-01T00:{0:02d}:00Z</time></trkpt>'
ENTITIES = '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
BAD = {
    "text": ("hello", "expected a GPX file"),
    "TCX": ("<TrainingCenterDatabase/>", "expected a GPX file"),
    "cut off": (HEAD + POINT.format(1), "expected a GPX file"),
    "entities": (ENTITIES + HEAD + TAIL, "DOCTYPE"),
    "a route": (HEAD + TAIL, "no track points"),
    "no times": (HEAD + '<trkpt lat="1" lon="1"/>' * 3 + TAIL, "fewer than two of its points have a time"),
    "no positions": (re.sub(r'l\w\w="\d+"', "", HEAD + POINT.format(1) + POINT.format(2) + TAIL), "neither positions nor speed"),
    "days": (HEAD + POINT.format(1) + POINT.format(2).replace("01-01", "01-03") + TAIL, "over 12 hours"),
    "a moment": (HEAD + POINT.format(1) + POINT.format(1).replace(":00Z", ":05Z") + TAIL, "lasts 5 s"),
}


def test_it_says_what_is_wrong_with_a_file(fresh, address, runs, tmp_path):
    for name, (text, reason) in BAD.items():
        path = tmp_path / f"{name}.gpx"
        path.write_text(text)
        assert_refused(fresh, [path], reason)
        assert fresh.evaluate(ERROR).startswith(f"{name}.gpx: ")
    with open(tmp_path / "big.gpx", "wb") as stream:
        stream.truncate(51 << 20)
    assert_refused(fresh, [tmp_path / "big.gpx"], "more than 50 MB")
    assert_refused(fresh, runs, "found 3 files")
    refused = {"{": "no JSON", "null": "`hrkeras update`", "[]": "`hrkeras update`", '{"version": 5}': "model's version"}
    for text, reason in refused.items():
        (tmp_path / "me.json").write_text(text)
        assert_refused(fresh, [tmp_path / "me.json"], reason)
    fresh.choose("#files", runs[1])
    assert len(predicted(fresh, address, runs[1])) > 100


def test_a_persons_file_of_another_population_is_refused(fresh, model, tmp_path):
    other = saving.population(model).as_dict() | {"level": 44.0}
    athlete_file.save(AthleteState(population.from_dict(other)), tmp_path / "me.json")
    assert_refused(fresh, [tmp_path / "me.json"], "another population")


def test_it_may_connect_to_nobody_else(fresh, address):
    def reach(url):
        return fresh.evaluate(f"fetch('{url}', {{mode: 'no-cors'}}).then(() => 'reached', () => 'refused')")

    assert reach(address) == "reached"
    assert reach(address.replace("127.0.0.1", "localhost")) == "refused"


def test_it_can_be_read_by_pointer_keyboard_and_screen_reader(fresh, address, runs):
    fresh.choose("#files", runs[1])
    steps = len(predicted(fresh, address, runs[1]))
    assert fresh.evaluate("document.querySelector('path.predicted').getAttribute('d')").count("L") == steps - 1
    assert fresh.evaluate(READOUT).startswith("At 0:00: predicted ")
    fresh.evaluate("document.getElementById('moment').focus()")
    for kind in ("keyDown", "keyUp"):
        fresh.do("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight", windowsVirtualKeyCode=39)
    assert fresh.evaluate(READOUT).startswith("At 0:10: predicted ")
    fresh.evaluate("document.querySelector('svg').scrollIntoView()")
    box = "document.querySelector('svg').getBoundingClientRect()"
    x, y = fresh.evaluate(f"[{box}.right - 12, {box}.top + 100]")
    fresh.do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    assert fresh.evaluate("document.getElementById('moment').valueAsNumber") == steps - 1
    assert_accessible(fresh)
