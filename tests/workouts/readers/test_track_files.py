"""Which tracks lie in a folder or a zip, and whose they are."""

import gzip
import io
import json
import os
import struct
import zipfile
import zlib

import numpy as np
import pytest
from track_files import NOON, WHOLE, activity, fit_file, gpx_file, lap, run, session, tcx_file, trackpoint

from hrkeras.utils.errors import InputError
from hrkeras.workouts.readers import archive, source, track_files, tracks
from hrkeras.workouts.readers.source import ReadLog

TABLE = b"""Activity ID,Activity Date,Activity Name,Activity Type,Filename
1,"Sep 13, 2020",Morning Run,Run,activities/1.gpx
2,"Sep 14, 2020",Morning Ride,Ride,activities/2.tcx.gz
3,"Sep 15, 2020",On the treadmill,Run,activities/3.fit.gz
4,"Sep 16, 2020",Evening Walk,Workout,activities/4.gpx
"""
UNNAMED_TCX = tcx_file(activity("", lap(trackpoint(1), trackpoint(2))))
STRAVA = {
    "activities.csv": TABLE,
    "activities/1.gpx": gpx_file(4),
    "activities/2.tcx.gz": gzip.compress(UNNAMED_TCX),
    "activities/3.fit.gz": gzip.compress(fit_file(session(sub_sport=1), run(3))),
    "activities/4.gpx": gpx_file(5),
    "activities/5.gpx": gpx_file(6, "<name>Abendradfahrt</name><type>Radfahren</type>"),
    "media/1.jpg": b"\xff\xd8",
    "__MACOSX/activities/._1.gpx": b"\0\5\x16\7",
}
SPORTS = ["running", "cycling", "indoor running", "walking", "cycling"]


def zipped(path, content, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def packed(content) -> bytes:
    return zipped(io.BytesIO(), content).getvalue()


def unpacked(folder, content):
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def read(path):
    told: list[int] = []
    log = ReadLog(told.append)
    workouts = list(tracks.read(path, log=log))
    assert sum(told) == tracks.size(path)
    return workouts, log


@pytest.mark.parametrize("how", ["zip", "folder"])
def test_stravas_bulk_export(tmp_path, how):
    path = zipped(tmp_path / "me.zip", STRAVA) if how == "zip" else unpacked(tmp_path / "me", STRAVA)
    workouts, log = read(path)
    assert [workout.sport for workout in workouts] == SPORTS
    assert [len(workout) for workout in workouts] == [4, 2, 3, 5, 6]
    assert {workout.user for workout in workouts} == {"me"}
    assert workouts[1].where == f"{path}/activities/2.tcx.gz"
    assert not log.skipped


def test_a_zip_gives_what_its_folder_gives(tmp_path):
    (from_zip, _), (from_folder, _) = read(zipped(tmp_path / "a.zip", STRAVA)), read(unpacked(tmp_path / "a", STRAVA))
    for one, other in zip(from_zip, from_folder, strict=True):
        for name in ("time", "speed", "altitude", "heart_rate"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert (one.start, one.user, one.sport) == (other.start, other.user, other.sport)


GARMIN = "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part"


@pytest.mark.parametrize("how", ["zip", "folder"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_garmins_takeout_has_zips_within(tmp_path, how, compression):
    content = {
        f"{GARMIN}1.zip": packed({"me@x.y_1.fit": WHOLE["fit"], "me@x.y_2.fit": fit_file(kind=32), "a.gpx": WHOLE["gpx"]}),
        f"{GARMIN}2.zip": packed({"3.fit": fit_file(session(), run(3)), "deep.zip": packed({"4.gpx": gpx_file()})}),
        f"{GARMIN}3.zip": b"PK\3\4 cut off",
        "DI_CONNECT/DI-Connect-User/profile.json": b"{}",
    }
    path = zipped(tmp_path / "me.zip", content, compression) if how == "zip" else unpacked(tmp_path / "me", content)
    workouts, log = read(path)
    deeper = how == "folder"  # whose zips lie one level higher
    assert [len(workout) for workout in workouts] == [8, 8, 3] + [5] * deeper
    assert [workout.where for workout in workouts[:3]] == [
        f"{path}/{GARMIN}1.zip/me@x.y_1.fit",
        f"{path}/{GARMIN}1.zip/a.gpx",
        f"{path}/{GARMIN}2.zip/3.fit",
    ]
    assert {workout.user for workout in workouts} == {"me"}
    assert log.skipped["the zip file is cut off or damaged"] == 1
    assert log.examples.get("zip in a zip in a zip") == (None if deeper else [f"{path}/{GARMIN}2.zip/deep.zip"])
    assert log.skipped.total() == 3 - deeper


def endomondo_workout(sport, points=4) -> bytes:
    """As Endomondo's export has it: objects of one key each, in lists."""
    track = [
        [
            {"location": [[{"latitude": 12.0 + second / 1e5}, {"longitude": 3.0}]]},
            {"altitude": 100 + second},
            {"distance_km": 0.003 * second},
            {"speed_kmh": 10.8},
            {"heart_rate_bpm": 140 + second},
            {"timestamp": f"Sun Sep 13 12:26:{40 + second} UTC 2020"},
        ]
        for second in range(points)
    ]
    return json.dumps([{"sport": sport}, {"source": "TRACK_MOBILE"}, {"distance_km": 0.009}, {"points": track}]).encode()


@pytest.mark.parametrize("how", ["zip", "folder"])
def test_endomondos_own_export(tmp_path, how):
    content = {
        "Profile/profile.json": b"{}",
        "Workouts/2020-09-13 12_26_40.0.json": endomondo_workout("RUNNING"),
        "Workouts/2020-09-14 12_26_40.0.json": endomondo_workout("CYCLING_SPORT"),
        "Workouts/2020-09-14 12_26_40.0.tcx": tcx_file(activity("Biking", lap(trackpoint(1), trackpoint(2)))),
        "Workouts/2020-09-15.json": b'[{"sport": "RUNNING"}]',
        "Workouts/2020-09-16.json": b"[[[[[[[[",
    }
    path = zipped(tmp_path / "me.zip", content) if how == "zip" else unpacked(tmp_path / "me", content)
    (run, ride), log = read(path)
    assert (run.sport, ride.sport) == ("running", "cycling")
    assert {run.user, ride.user} == {"me"}
    assert run.start == NOON
    assert run.time.tolist() == [0, 1, 2, 3]
    assert run.heart_rate.tolist() == [140, 141, 142, 143]
    assert run.altitude.tolist() == [100, 101, 102, 103]
    np.testing.assert_allclose(run.speed, 3.0)
    assert run.gps_fraction == 1
    assert log.skipped == {"no track points": 1, "not JSON": 1}


def test_bad_files_in_a_zip_are_counted_and_the_others_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "RATIO_FROM", 1 << 20)
    path = zipped(tmp_path / "me.zip", {})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, how in {
            "good.gpx": None,
            "lzma.gpx": zipfile.ZIP_LZMA,
            "bzip2.gpx": zipfile.ZIP_BZIP2,
            "lzma_damaged.gpx": zipfile.ZIP_LZMA,
            "bzip2_damaged.gpx": zipfile.ZIP_BZIP2,
            "deflate_damaged.gpx": None,
            "method.gpx": None,
            "encrypted.gpx": None,
        }.items():
            made.writestr(name, gpx_file(40), how)
        made.writestr("cut.gpx.gz", gzip.compress(gpx_file())[:-20])
        made.writestr("empty.fit", b"")
        made.writestr("bomb.gpx", b" " * (4 << 20))
        made.writestr("esc\x1b[2J\u202e.gpx", gpx_file())
        made.writestr("../../out.gpx", gpx_file())
        infos = {info.filename: info for info in made.infolist()}
    data = bytearray(path.read_bytes())
    for name, info in infos.items():
        if "damaged" in name:
            middle = info.header_offset + 30 + len(name) + info.compress_size // 2
            data[middle : middle + 8] = b"\xff" * 8
    for name, offset, value in (("method.gpx", 10, 99), ("encrypted.gpx", 8, 1)):
        at = data.rindex(name.encode()) - 46
        struct.pack_into("<H", data, at + offset, value)
        struct.pack_into("<H", data, infos[name].header_offset + offset - 2, value)
    path.write_bytes(data)
    workouts, log = read(path)
    assert [workout.where.removeprefix(f"{path}/") for workout in workouts] == [
        "good.gpx",
        "lzma.gpx",
        "bzip2.gpx",
        "esc\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}.gpx",
        "../../out.gpx",
    ]
    assert [len(workout) for workout in workouts] == [40, 40, 40, 5, 5]
    assert log.skipped == {
        "the data is damaged": 4,
        "the file is encrypted": 1,
        "the gzip data is cut off or damaged": 1,
        "empty file": 1,
        "unpacks to more than 200 times its size, which no export does": 1,
    }


def test_what_unpacks_to_far_too_much_in_all_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "RATIO_FROM", 1 << 20)
    bomb = gzip.compress(b"<gpx>" + b" " * (1 << 20) + b"</gpx>")
    path = zipped(tmp_path / "me.zip", {"0.gpx": gpx_file(), **{f"{number}.gpx.gz": bomb for number in range(20)}})
    workouts, log = read(path)
    assert len(workouts) == 1
    assert log.skipped["unpacks to more than 200 times its size, which no recording does"] >= 10


def test_a_file_without_a_name_does_not_cost_the_others(tmp_path):
    with zipfile.ZipFile(tmp_path / "me.zip", "w") as made:
        for name, data in {"a": b"", "1.gpx": gpx_file(4)}.items():
            made.writestr(name, data)
        made.infolist()[0].filename = ""  # in the zip's directory, which is written at the end
    assert [workout.sport for workout in read(tmp_path / "me.zip")[0]] == ["running"]


def test_files_that_overlap_are_read_once(tmp_path):
    path = zipped(tmp_path / "me.zip", {"a.gpx": gpx_file(), "b.gpx": gpx_file()})
    data = path.read_bytes()
    first = data.index(b"PK\1\2")
    second = data.index(b"PK\1\2", first + 1)
    entry, end = data[first:second], data.index(b"PK\5\6")
    tail = bytearray(data[end:])
    struct.pack_into("<HHL", tail, 8, 12, 12, end - first + 10 * len(entry))
    path.write_bytes(data[:end] + 10 * entry + tail)
    assert len(zipfile.ZipFile(path).infolist()) == 12
    assert len(read(path)[0]) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.zip", packed({"readme.txt": b""}), "expected .gpx, .tcx or .fit files in this zip, but found none; check"),
        ("a.zip", b"PK\3\4 cut off", "a.zip: the zip file is cut off or damaged .*; fetch it anew"),
        ("a.zip", b"text", "a.zip: the zip file is cut off or damaged"),
        ("a.zip", packed({"apple_health_export/workout-routes/a.gpx": gpx_file()}), "Apple Health export"),
    ],
)
def test_one_sentence_about_a_zip_that_cannot_be_used(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(tracks.read(tmp_path / name))


def test_nothing_waits_for_a_pipe_in_a_folder(tmp_path):
    unpacked(tmp_path, {"a.gpx": gpx_file()})
    for name in ("activities.csv", "b.gpx", "c.zip"):
        os.mkfifo(tmp_path / name)
    workouts, log = read(tmp_path)
    assert len(workouts) == 1
    assert log.skipped == {"no regular file": 2}


def test_a_zip_is_told_by_its_bytes_too(tmp_path):
    (tmp_path / "backup").write_bytes(packed({"a.gpx": gpx_file()}))
    assert track_files.is_zip(tmp_path / "backup")
    assert len(read(tmp_path / "backup")[0]) == 1
    (tmp_path / "x.zip").mkdir()
    assert not track_files.is_zip(tmp_path / "x.zip")
    os.mkfifo(tmp_path / "y.zip")
    assert not track_files.is_zip(tmp_path / "y.zip")


@pytest.mark.parametrize(
    ("folders", "users"),
    [
        (["GPX_OUT", "FIT_OUT", "TCX_OUT"], {"me"}),
        (["gpx", "tcx files", "Activities", "workouts", "raw/fit"], {"me"}),
        (["anna/gpx", "anna/fit", "ben/FIT_OUT/old", "3", "1812"], {"anna", "ben/old", "3", "1812"}),
        (["2023", "2024-01", "2024-02-29", "2022/03/07", "2021/Nov", "January 2020", "May"], {"me"}),
        (["anna/2023", "anna/2024/05", "2023/ben", "12"], {"anna", "ben", "12"}),
        (
            ["Running", "Cycling", "Läufe", "courses", "carreras", "corse", "跑步", "Aktivitäten", "activités", "actividades"],
            {"me"},
        ),
        (["activities/anna", "fitz"], {"anna", "fitz"}),
    ],
)
def test_folders_named_for_what_is_in_them_are_no_people(tmp_path, folders, users):
    unpacked(tmp_path / "me", {f"{folder}/a.gpx": gpx_file() for folder in folders})
    assert {workout.user for workout in read(tmp_path / "me")[0]} == users


def test_whose_a_folder_or_file_is_says_the_nearest_name_above(tmp_path):
    path = unpacked(tmp_path / "me", {"FIT_OUT/a.gpx": gpx_file()}) / "FIT_OUT"
    assert {workout.user for workout in read(path)[0]} == {"me"}
    assert {workout.user for workout in read(path / "a.gpx")[0]} == {"me"}


def test_where_copies_lie_never_leads_out(tmp_path):
    names = ["../../etc/a.gpx", "/abs/b.gpx", "C:\\x\\c.gpx", "d/./e.gpx", "..\\f.gpx", "/.gpx"]
    path = zipped(tmp_path / "a.zip", {name: gpx_file() for name in names})
    inside = [file.inside.as_posix() for file in track_files.files(path, ReadLog())]
    assert inside == ["etc/a.gpx", "abs/b.gpx", "C_/x/c.gpx", "d/e.gpx", "f.gpx", ".gpx"]


def test_crc_is_checked(tmp_path):
    data = packed({"a.gpx": gpx_file()})
    wrong = data.replace(struct.pack("<L", zlib.crc32(gpx_file())), b"\0\0\0\0")
    (tmp_path / "a.zip").write_bytes(wrong)
    workouts, log = read(tmp_path / "a.zip")
    assert not workouts
    assert log.skipped == {"the data is damaged": 1}
