"""The page of docs/demo as an app: it sends nothing, opens without a network, keeps what it is told to, and all can read it."""

import json
import re
import shutil
import struct

import numpy as np
from chromium import assert_accessible, demo, served

READOUT = "document.getElementById('readout').textContent"
CONTROLLED = "navigator.serviceWorker.controller !== null"
PRESS_KEEP = "document.getElementById('keep').click()"


def test_nothing_leaves_the_device(page, runs):
    page.browser.wait(CONTROLLED)
    page.browser.watch_workers()
    page.browser.requests.clear()
    page.open()
    before = len(page.browser.requests)
    page.give(*runs[:2])
    page.give(runs[0], to="#course")
    assert len(page.browser.requests) == before > 20
    page.browser.evaluate("fetch('model.onnx.json?again').then(() => 0)")  # which is noticed
    assert len(page.browser.requests) > before
    assert all(url.startswith((page.address, "data:")) for url in page.browser.requests)
    assert page.browser.errors == []
    latitude = re.search(r'lat="(-?\d+\.\d\d)', runs[1].read_text())[1]
    assert latitude not in page.browser.evaluate("document.documentElement.outerHTML")
    assert latitude not in page.saved()


def test_it_may_connect_to_nobody_else(page):
    def reach(url):
        return page.browser.evaluate(f"fetch('{url}', {{mode: 'no-cors'}}).then(() => 'reached', () => 'refused')")

    assert reach(page.address) == "reached"
    other = page.address.replace("127.0.0.1", "localhost")
    assert reach(other) == "refused"
    ends = "{onload: () => done('reached'), onerror: () => done('refused')"
    picture = f"new Promise((done) => Object.assign(new Image(), {ends}, src: '{other}icon-192.png'}}))"
    assert page.browser.evaluate(picture) == "refused"
    later = "new Promise((done) => { setTimeout('window.found = 1'); setTimeout(() => done(typeof window.found), 50); })"
    assert page.browser.evaluate(later) == "undefined"  # a text is not run as a program


def test_it_opens_without_a_network(browser, site, runs, tmp_path):
    copy = shutil.copytree(site, tmp_path / "copy")
    with served(copy) as place:
        browser.do("Page.navigate", url=place)
        browser.wait(CONTROLLED)
    browser.errors.clear()
    browser.do("Page.navigate", url=place)
    browser.wait("document.getElementById('status')?.textContent.startsWith('Ready')")
    browser.choose("#files", runs[1])
    browser.wait("!document.getElementById('run').hidden")
    assert browser.errors == []


def test_it_can_be_installed(page, site):
    page.browser.wait(CONTROLLED)
    assert page.browser.do("Page.getInstallabilityErrors")["installabilityErrors"] == []
    manifest = json.loads((site / "manifest.webmanifest").read_text())
    for each in manifest["icons"]:
        size = struct.unpack(">II", (site / each["src"]).read_bytes()[16:24])
        assert each["sizes"] == f"{size[0]}x{size[1]}"
        drawn = (
            f"(async () => {{ const it = new Image(); it.src = '{each['src']}'; await it.decode(); return it.naturalWidth; }})()"
        )
        assert page.browser.evaluate(drawn) == size[0]


def test_the_worker_keeps_every_file_and_a_new_version_has_a_new_name(site, tmp_path):
    worker = (site / "sw.js").read_text()
    kept = json.loads(re.search(r"FILES = (\[.*\])", worker)[1])
    assert (
        sorted(
            ["./", *(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file() and path.name != "sw.js")]
        )
        == kept
    )
    copy = shutil.copytree(site, tmp_path / "copy")
    names = []
    for text in ("", " "):
        shutil.copy(demo.HERE / "sw.js", copy)
        (copy / "style.css").write_text((copy / "style.css").read_text() + text)
        demo.write_worker(copy)
        names.append(re.search(r'VERSION = "(\w{16})"', (copy / "sw.js").read_text())[1])
    assert names[0] != names[1]


def test_it_keeps_what_runs_tell_only_if_asked(page, runs):
    page.give(*runs[:2])
    page.open()
    assert page.text("known") == ""
    page.give(*runs[:2])
    page.browser.evaluate(PRESS_KEEP)
    page.settle()
    page.open()
    assert page.text("known").startswith("What 2 runs told of you")
    page.give(runs[2])
    assert "2 earlier runs" in page.text("notes")
    predicted = page.last()
    page.open()
    assert page.text("known").startswith("What 3 runs told of you")
    page.browser.evaluate(PRESS_KEEP)
    page.settle()
    page.open()
    assert page.text("known") == ""
    page.give(*runs[:3])
    np.testing.assert_allclose(predicted, page.last(), atol=1e-3)


def test_what_is_kept_but_damaged_is_said(page):
    page.browser.evaluate(f"import('{page.address}store.js').then(({{keep}}) => keep('{{}}'))")
    page.open()
    assert "What this browser has kept cannot be used" in page.text("error")
    page.browser.evaluate(PRESS_KEEP)
    page.settle()
    page.open()
    assert page.text("error") == ""


def test_it_can_be_read_by_pointer_keyboard_and_screen_reader(page, runs):
    page.give(runs[0], runs[1])
    page.browser.evaluate("limit.value = '150'")
    page.give(runs[0], to="#course")
    steps = len(page.last())
    assert page.browser.evaluate("document.querySelector('#run-chart path.predicted').getAttribute('d')").count("L") == steps - 1
    assert page.browser.evaluate(READOUT).startswith("At 0:00: predicted ")
    page.browser.evaluate("document.getElementById('moment').focus()")
    page.browser.press("ArrowRight", 39)
    assert page.browser.evaluate(READOUT).startswith("At 0:10: predicted ")
    page.browser.evaluate("document.querySelector('svg').scrollIntoView()")
    box = "document.querySelector('svg').getBoundingClientRect()"
    x, y = page.browser.evaluate(f"[{box}.right - 12, {box}.top + 100]")
    page.browser.do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    assert page.browser.evaluate("document.getElementById('moment').valueAsNumber") == steps - 1
    page.browser.evaluate("pace.value = '5:00'; pace.focus()")
    page.browser.press("Enter", 13)
    page.browser.wait("document.getElementById('plan-words').textContent.includes('At 5:00 min/km')")
    assert_accessible(page.browser)


def test_nothing_is_wider_than_a_phone(page, runs):
    page.browser.do("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True)
    try:
        page.open()
        page.give(runs[0], runs[1])
        page.give(runs[0], to="#course")
        page.browser.evaluate("document.querySelector('details').open = true")
        assert page.browser.evaluate("document.documentElement.scrollWidth") <= 320
        low = "filter((each) => each.getBoundingClientRect().height < 24).map((each) => each.textContent)"
        small = f"[...document.querySelectorAll('button, label[for], summary')].{low}"
        assert page.browser.evaluate(small) == ["Time in the run"]
    finally:
        page.browser.do("Emulation.clearDeviceMetricsOverride")
