"""What the page of docs/demo reads is what hrkeras reads, and it says what is wrong with a file."""

import gzip
import re
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from hrkeras.evaluation.exported import base
from hrkeras.personal import prediction, run_choice
from hrkeras.workouts.readers import fit_files, sports
from hrkeras.workouts.readers.fit_messages import FIT_EPOCH
from hrkeras.workouts.simulation import formats

RECORD = ((253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85), (2, 2, 0x84), (3, 1, 0x02))  # number, bytes and type of its fields


def fit_of(track, sport=1, kind=4):
    """A FIT file of a workout."""

    def definition(number, fields):
        return struct.pack("<BBBHB", 0x40, 0, 0, number, len(fields)) + b"".join(struct.pack("BBB", *field) for field in fields)

    body = definition(0, [(0, 1, 0)]) + bytes([0, kind])
    if kind == 4:
        begin = int(track.clock[0]) - FIT_EPOCH
        body += definition(18, [(2, 4, 0x86), (5, 1, 0), (6, 1, 0)]) + struct.pack("<BIBB", 0, begin, sport, 0)
    body += definition(20, RECORD)
    for time, *place, altitude, rate in zip(
        track.clock, track.latitude, track.longitude, track.altitude, track.heart_rate, strict=True
    ):
        angles = (round(degrees * 2**31 / 180) for degrees in place)
        beats = int(rate) if rate > 0 else 0xFF
        body += struct.pack("<BIiiHB", 0, int(time) - FIT_EPOCH, *angles, round((altitude + 500) * 5), beats)
    head = struct.pack("<BBHI4s", 14, 0x10, 2100, len(body), b".FIT")
    data = head + struct.pack("<H", fit_files.checksum(head)) + body
    return data + struct.pack("<H", fit_files.checksum(data))


def tcx_of(gpx):
    """A TCX file of a GPX file's points."""
    text = re.sub(r'<trkpt lat="([^"]*)" lon="([^"]*)">', r"<Trackpoint><Position><LatitudeDegrees>\1</LatitudeDegrees>"
                  r"<LongitudeDegrees>\2</LongitudeDegrees></Position>", gpx)  # fmt: skip
    for old, new in (
        (r"<ele>(.*?)</ele>", r"<AltitudeMeters>\1</AltitudeMeters>"),
        (r"<time>(.*?)</time>", r"<Time>\1</Time>"),
        (r"<extensions>.*?<ns3:hr>(.*?)</ns3:hr>.*?</extensions>", r"<HeartRateBpm><Value>\1</Value></HeartRateBpm>"),
        ("</trkpt>", "</Trackpoint>"),
    ):
        text = re.sub(old, new, text)
    points = text[text.index("<Trackpoint>") : text.index("</trkseg>")]
    activity = f'<Activity Sport="Running"><Lap><Track>{points}</Track></Lap></Activity>'
    return f"\n <TrainingCenterDatabase><Activities>{activity}</Activities></TrainingCenterDatabase>"


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
    points[150:200] = [re.sub(r'lat="[^"]*" lon="[^"]*"', 'lat="30.01" lon="-50.01"', each) for each in points[150:200]]
    return "".join([head, *points[1000:], *reversed(points[:1000]), points[5], tail])


WRITTEN = {
    "run.gpx": lambda track, gpx: gpx.encode(),
    "mangled.gpx": lambda track, gpx: mangled(gpx).encode(),
    "bare.gpx": lambda track, gpx: re.sub(r"<ele>.*?</ele>|<extensions>.*?</extensions>", "", gpx).encode(),
    "run.tcx": lambda track, gpx: tcx_of(gpx).encode(),
    "run.fit": lambda track, gpx: fit_of(track),
    "run.fit.gz": lambda track, gpx: gzip.compress(fit_of(track)),
    "chained.fit": lambda track, gpx: fit_of(track) + b"more",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_format_is_predicted_as_by_the_command_line(name, page, runs, tracks, tmp_path):
    path = tmp_path / name
    path.write_bytes(WRITTEN[name](tracks[1], runs[1].read_text()))
    page.give(path)
    wanted = prediction.predict(run_choice.load_run(path)[0], None, base())
    for column, values in (("predicted", wanted.heart_rate), ("low", wanted.low), ("high", wanted.high)):
        np.testing.assert_allclose(page.last(column), values, atol=0.02)
    np.testing.assert_allclose(page.last("heartRate"), wanted.grid.heart_rate, atol=1e-3)
    assert len(wanted.heart_rate) > 100
    assert wanted.heart_rate.std() > 3
    assert page.browser.errors == []


def test_an_apple_export_is_read_in_place(page, tracks, tmp_path):
    path = tmp_path / "export.zip"
    rate = tracks[2].heart_rate.copy()
    rate[[*range(1, 40), *range(300, 360), *range(500, 512)]] = 0  # the watch lost contact
    formats.write_apple_health([*tracks[:2], replace(tracks[2], heart_rate=rate)], path)
    page.give(path)
    run, others, _ = run_choice.load_run(path, "latest")
    assert len(others) == 2
    np.testing.assert_allclose(page.last("heartRate"), prediction.predict(run, None, base()).grid.heart_rate, atol=1e-3)
    assert np.isnan(run.heart_rate[310:350]).all()
    assert "2 earlier runs" in page.text("notes")


def test_a_zip_of_tracks_is_read(page, runs, tracks, tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(runs[0], "activities/1.gpx")
        archive.writestr("activities/2.fit.gz", gzip.compress(fit_of(tracks[1])))
        archive.writestr("activities/3.gpx", "<gpx/>")
        archive.writestr("activities/4.fit", fit_of(tracks[2], sport=2))
        archive.writestr("__MACOSX/activities/._1.gpx", "x")
    page.give(tmp_path / "export.zip")
    assert page.text("learnt").startswith("Learnt from 2 runs.")
    assert "1 it has no track points" in page.text("learnt")
    assert "1 another sport (cycling)" in page.text("learnt")


NAMES = (
    *(
        "running",
        "Morning Run",
        "Abendlauf",
        "Trail",
        "9",
        "1",
        "VirtualRide",
        "TrailRun",
        "generic",
        "Course à pied",
        "Laufband",
    ),
    *(
        "ランニング",
        "Бег",
        "跑步机",
        "treadmill",
        "running treadmill",
        "Run to the bike shop",
        "Spaziergang",
        "",
        "other",
        "STRAßE",
    ),
    *("strength_training", "Caminhada", "Hot-air balloon 4", "Løping", "ｒｕｎ", "paseo maritimo run", "train", "Ride 5k"),
)


def test_sports_have_the_same_names(page):
    found = page.value(
        "runs/sports.js", f"{list(NAMES)!r}.map((name) => [it.name(name), it.ofActivity(name, [name]), it.folded(name)])"
    )
    assert found == [[sports.name(each), sports.of_activity("", each, [each]), sports.folded(each)] for each in NAMES]


HEAD = '<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
TAIL = "</trkseg></trk></gpx>"
POINT = '<trkpt lat="{0}" lon="1"><time>2025-01-01T00:{0:02d}:00Z</time></trkpt>'
ENTITIES = '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
BAD = {
    "text.gpx": ("hello", "expected a GPX file"),
    "empty.gpx": ("", "is empty"),
    "tcx.gpx": ("<TrainingCenterDatabase/>", "expected a GPX file"),
    "gpx.tcx": ("<gpx/>", "expected a TCX file"),
    "cut off.gpx": (HEAD + POINT.format(1), "expected a GPX file"),
    "entities.gpx": (ENTITIES + HEAD + TAIL, "DOCTYPE"),
    "nothing.gpx": (HEAD + TAIL, "no track points"),
    "a moment.gpx": (HEAD + POINT.format(1) + POINT.format(1).replace(":00Z", ":05Z") + TAIL, "lasts 5 s"),
    "no positions.gpx": (
        re.sub(r'l\w\w="\d+"', "", HEAD + POINT.format(1) + POINT.format(2) + TAIL),
        "neither positions nor speed",
    ),
    "text.fit": ("hello, this is no FIT file", "it is not FIT"),
    "deep.gpx": (HEAD + "<trkpt>" + "<a>" * 5000 + "</a>" * 5000 + "</trkpt>" + TAIL, "GPX"),
    "text.zip": ("PK, and nothing more", "cut off or damaged"),
    "text.xml": ("hello", "no run outdoors"),
    "text.csv": ("hello", "expected a GPX, TCX or FIT file"),
    "text.json": ("{", "no JSON"),
    "null.json": ("null", "`hrkeras update`"),
    "version.json": ('{"version": 5}', "model's version"),
}


def test_it_says_what_is_wrong_with_a_file(page, runs, tmp_path):
    for name, (text, reason) in BAD.items():
        path = tmp_path / name
        path.write_text(text)
        said = page.refuse(path)
        assert reason in said, name
        assert said.startswith((f"{name}: ", "Found no run outdoors")), said
    with open(tmp_path / "big.gpx", "wb") as stream:
        stream.truncate(51 << 20)
    assert "more than 50 MB" in page.refuse(tmp_path / "big.gpx")
    page.give(runs[1])
    assert len(page.last()) > 100


def damaged(data):
    return data[:200] + bytes([data[200] ^ 1]) + data[201:]


def test_hostile_files_are_refused(page, tracks, tmp_path):
    fit = fit_of(tracks[1])
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run.gpx", b"<gpx>" + b" " * (80 << 20))
    with zipfile.ZipFile(tmp_path / "lzma.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("run.gpx", b"<gpx/>")
    locked = (tmp_path / "lzma.zip").read_bytes().replace(b"\x01\x02\x3f\x03\x3f\x00\x02", b"\x01\x02\x3f\x03\x3f\x00\x03")
    files = {
        "cut.fit": (fit[:-9], "cut off"),
        "wrong.fit": (damaged(fit), "damaged"),
        "unfinished.fit": (fit[:4] + bytes(4) + fit[8:], "damaged"),
        "bomb.gpx.gz": (gzip.compress(b" " * (60 << 20)), "more than 50 MB"),
        "half.zip": (bomb.read_bytes()[:-40], "cut off or damaged"),
        "none.zip": (bytes.fromhex("504b0506") + bytes(18), "no runs in this zip"),
        "damaged.gpx.gz": (gzip.compress(b"<gpx/>" * 99)[:-9], "gzip data is damaged"),
    }
    for name, (data, reason) in files.items():
        (tmp_path / name).write_bytes(data)
        assert reason in page.refuse(tmp_path / name), name
    assert "more than 50 MB" in page.refuse(bomb)
    assert "packed in a way" in page.refuse(tmp_path / "lzma.zip")
    (tmp_path / "locked.zip").write_bytes(locked)
    assert page.refuse(tmp_path / "locked.zip").startswith(("locked.zip", "Found no run"))


def test_some_bad_files_among_good_ones(page, runs, tmp_path):
    (tmp_path / "bad.gpx").write_text("hello")
    page.browser.choose("#files", runs[0], tmp_path / "bad.gpx")
    page.settle()
    assert page.browser.evaluate("document.getElementById('error').textContent").startswith(
        "1 of 2 files cannot be used. bad.gpx: "
    )
    assert page.text("learnt") == "Learnt from 1 run."


@pytest.mark.parametrize("name", ["garmin_connect_2.gpx", "coros_fit_1.fit", "healthfit_apple_watch_3.fit", "garmin_1.tcx"])
def test_real_files_are_predicted_as_by_the_command_line(name, page, real_data):
    page.give(real_data / "tracks" / name)
    wanted = prediction.predict(run_choice.load_run(real_data / "tracks" / name)[0], None, base())
    np.testing.assert_allclose(page.last(), wanted.heart_rate, atol=0.05)
