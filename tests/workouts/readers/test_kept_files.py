"""Files are read alike by any number of processes, with and without a cache, and the cache holds nothing that it should not."""

import gzip
import io
import json
import math
import os
import stat
import struct
import threading
import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from apple_files import ROUTE, START, health, record, records, route, workout, zipped
from track_files import SECRET, WHOLE, activity, fit_file, gpx_file, lap, run, semicircles, session, tcx_file, trackpoint

from hrkeras.utils.errors import InputError
from hrkeras.workouts.readers import apple_health, apple_person, cache, content, detect, fit, tracks
from hrkeras.workouts.readers.cache import Cache
from hrkeras.workouts.readers.source import ReadLog

TWO = tcx_file(
    activity("Running", lap(*(trackpoint(second) for second in range(5)))),
    activity("Biking", lap(trackpoint(20))),
    activity("Biking", lap(*(trackpoint(second) for second in range(30, 40)))),
)


def zip_of(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def old(folder):
    """Files that were not changed just now."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_file():
            os.utime(path, (START, START))


@pytest.fixture
def folder(tmp_path):
    """Runs of several people and what else may lie beside them."""
    inner = zip_of({"1.fit": WHOLE["fit"], "2.gpx": gpx_file(6), "3.gpx": b"no"})
    damaged = bytearray(zip_of({"a.gpx": gpx_file(9), "b.gpx": gpx_file(7)}))
    damaged[60] ^= 255
    for name, data in {
        "b.gpx": gpx_file().replace(b"</time>", b"</time><extensions><my_pulse>140</my_pulse></extensions>"),
        "a.fit": WHOLE["fit"],
        "anna/2.tcx": TWO,
        "anna/1.GPX.gz": gzip.compress(gpx_file()),
        "anna/activities.csv": b"Activity ID,Activity Name,Activity Type,Filename\n1,x,Ride,1.GPX.gz\n",
        "ben/broken.gpx": gpx_file()[:-9],
        "ben/broken.fit": WHOLE["fit"][:60],
        "ben/cut.gpx.gz": gzip.compress(gpx_file())[:-20],
        "ben/empty.tcx": b"",
        "ben/one_point.gpx": gpx_file(1),
        "ben/zip.zip": zip_of(
            {"x/run.gpx": gpx_file(8), "x/inner.zip": inner, "y.tcx": TWO, "z.gpx.gz": gzip.compress(gpx_file())}
        ),
        "ben/damaged.zip": bytes(damaged),
        "ben/no.zip": b"PK",
    }.items():
        path = tmp_path / "runs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "runs/ben/gone.fit").symlink_to(tmp_path / "nowhere")
    old(tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def kept(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def parsed(monkeypatch):
    """Counts the files that are parsed, in this process."""
    count = []
    monkeypatch.setattr(tracks, "parse", lambda *args, parse=tracks.parse: count.append(args[0].where) or parse(*args))
    return count


def plain(value):
    return value.tobytes() if isinstance(value, np.ndarray) else repr(value)


def said(path, **how):
    """All that a reader gives and tells."""
    told = []
    log = ReadLog(told.append)
    workouts = [
        tuple(
            value.tobytes() if isinstance(value := getattr(workout, field.name), np.ndarray) else repr(value)
            for field in fields(workout)
        )
        for workout in detect.read(path, log, **how)
    ]
    return workouts, list(log.skipped.items()), list(log.passed_over.items()), log.examples, log.person, sum(told)


def test_all_ways_of_reading_say_the_same(folder, kept, monkeypatch):
    monkeypatch.setattr(tracks, "FEW", 0)
    once = said(folder)
    assert len(once[0]) == 12
    assert len(once[1]) > 6
    assert once[2] == [("heart rate in a form that is not read: my_pulse", 1)]
    assert once[5] == tracks.size(folder)
    assert said(folder, processes=2) == once
    assert said(folder, processes=2, cache=kept) == once
    entries = {path for path, _ in kept.entries()}
    assert len(entries) == 15
    for processes in (1, 2):
        assert said(folder, processes=processes, cache=kept) == once
    assert {path for path, _ in kept.entries()} == entries


def test_small_folders_start_no_process(folder, kept, monkeypatch):
    monkeypatch.setattr("hrkeras.utils.processes._mapped", None)
    assert len(said(folder / "anna", processes=2, cache=kept)[0]) == 3


def test_the_second_time_nothing_is_parsed(folder, kept, parsed):
    said(folder, cache=kept)
    first = len(parsed)
    parsed.clear()
    said(folder, cache=kept)
    # what was refused because of the file, not of what is in it, may be better now
    assert sorted(Path(where).name for where in parsed) == ["a.gpx", "cut.gpx.gz", "gone.fit"]
    assert first > 15


def test_the_way_to_a_file_does_not_matter(folder, kept, parsed, monkeypatch):
    anna = said(folder, cache=kept)[0][2]
    parsed.clear()
    monkeypatch.chdir(folder)
    (first, *_), *_ = said(Path("anna"), cache=kept)
    assert not parsed
    assert [(before, now) for before, now in zip(anna, first, strict=True) if before != now] == [
        (repr(f"{folder}/anna/1.GPX.gz"), "'anna/1.GPX.gz'")
    ]


def test_a_changed_file_is_read_anew(folder, kept, parsed):
    path = folder / "a.fit"
    said(folder, cache=kept)
    path.write_bytes(fit_file(session(), run(9)))
    os.utime(path, (START, START))
    parsed.clear()
    assert len(said(folder, cache=kept)[0][0][0]) == 9 * 8
    assert str(path) in parsed
    data = path.read_bytes()
    path.write_bytes(fit_file(session(), run(9, start=1)))  # as many bytes
    assert path.stat().st_size == len(data)
    os.utime(path, ns=(START * 10**9, START * 10**9 + 1))
    start = said(folder, cache=kept)[0][0][6]
    assert float(start) == 1_600_000_001.0


def test_a_table_of_activities_counts_too(folder, kept):
    assert said(folder, cache=kept)[0][2][5] == "'cycling'"
    table = folder / "anna/activities.csv"
    table.write_bytes(table.read_bytes().replace(b"Ride", b"Hike"))
    assert said(folder, cache=kept)[0][2][5] == "'hiking'"


def test_a_file_that_changes_now_is_not_kept(tmp_path, kept):
    path = tmp_path / "runs/a.gpx"
    path.parent.mkdir()
    path.write_bytes(gpx_file())
    said(tmp_path / "runs", cache=kept)
    assert not kept.entries()
    os.utime(path, (START, START))
    source = cache.source([path])
    os.utime(path, (START, START + 1))
    kept.put(source, b"read before the change")
    assert not kept.entries()


def test_an_error_of_the_moment_is_not_kept(folder, kept, monkeypatch):
    def failing(stream):
        raise OSError(5, "Input/output error")

    once = said(folder / "a.fit")
    with monkeypatch.context() as patch:
        patch.setitem(tracks.READERS, "fit", failing)
        assert ("a file that cannot be read (Input/output error)", 3) in said(folder, cache=kept)[1]
    assert said(folder, cache=kept)[0][0] == once[0][0]


def damaged(data):
    yield b""
    yield data[: len(data) // 2]
    yield data[:-1]
    for place in range(0, len(data), 7):
        yield data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :]
    yield zip_of({content.ABOUT: b"[" * 100_000, content.POINTS: b""})
    yield zip_of({content.ABOUT: b'{"items": [], "person": {}}', content.POINTS: npy(np.array([{}], object))})
    points = npy(np.zeros((4, 2)))
    for about in (
        [],
        {"items": [{}]},
        {"items": [[1, 2]], "person": {}},
        {"items": [{"points": 10**9}], "person": {}},
        {"items": [], "person": {"resting_heart_rate": "high"}},
    ):
        yield zip_of({content.ABOUT: json.dumps(about).encode(), content.POINTS: points})
    header = points[:10] + points[10:].replace(b"(4, 2)", b"(4, 1000000000000)"[:18]).replace(b" " * 12, b"", 1)
    yield zip_of({content.ABOUT: b'{"items": [], "person": {}}', content.POINTS: header})


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def one_kept(tmp_path, kept):
    """A folder with one track, its entry in the cache, and what was said of it."""
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "a.gpx").write_bytes(gpx_file())
    old(folder)
    once = said(folder, cache=kept)
    ((entry, _),) = kept.entries()
    return folder, entry, once


def test_damaged_entries_are_ignored_and_replaced(tmp_path, kept):
    folder, entry, once = one_kept(tmp_path, kept)
    whole = entry.read_bytes()
    for data in damaged(whole):
        entry.write_bytes(data)
        assert said(folder, cache=kept) == once
    entry.write_bytes(whole[:-5])
    said(folder, cache=kept)
    assert entry.read_bytes() == whole


def test_nothing_but_files_is_opened(tmp_path, kept):
    folder, entry, once = one_kept(tmp_path, kept)
    entry.unlink()
    os.mkfifo(entry)
    assert said(folder, cache=kept) == once
    entry.unlink()
    entry.mkdir()
    assert said(folder, cache=kept) == once
    assert entry.is_dir()


def test_positions_are_not_kept(tmp_path, kept):
    # its route begins at 7 degrees east
    path = zipped(tmp_path, health(records(), workout()), {ROUTE: route().replace(b"50.0", b"51.23456")})
    folder = tmp_path / "runs"
    folder.mkdir()
    for kind, data in WHOLE.items():
        (folder / f"a.{kind}").write_bytes(data)
    (folder / "b.gpx").write_bytes(gpx_file(1))
    old(tmp_path)
    said(folder, cache=kept)
    said(path, cache=kept)
    degrees = [SECRET, -1.5, 1e-4, 2e-4, 51.23456, *(7 + second * 3e-5 for second in range(1, 50))]
    numbers = [*degrees, *map(math.radians, degrees)]
    secrets = [struct.pack(order + code, number) for number in numbers for order in "<>" for code in "df"]
    secrets += [struct.pack(order + "i", semicircles(number)) for number in (SECRET, -1.5) for order in "<>"]
    secrets += [str(SECRET).encode(), b"12.34", b"51.23", b"7.0000", b"7.0001", b"latitude", b"longitude", str(tmp_path).encode()]
    entries = kept.entries()
    assert len(entries) == 5
    for entry, _ in entries:
        with zipfile.ZipFile(entry) as archive:
            texts = [entry.read_bytes(), *map(archive.read, archive.namelist())]
        if entry.stat().st_size > 2000:
            assert struct.pack("<d", 150.0) in texts[2]  # that a heart rate is found shows that a position would be
        assert not [secret for secret in secrets for text in texts if secret in text]
        assert str(tmp_path) not in entry.name


@pytest.mark.parametrize("unpacked", [False, True])
def test_an_apple_health_export(tmp_path, kept, monkeypatch, unpacked):
    sex = 'HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSexFemale"'
    me = f'<Me HKCharacteristicTypeIdentifierDateOfBirth="1980-05-01" {sex}/>\n'
    rests = record(START, 48, kind="RestingHeartRate")
    backwards = workout(start=START + 9000, length=-3)
    xml = health(me, records(), rests, workout(), workout(start=START + 5000), workout(sport="Cycling"), backwards)
    path = zipped(tmp_path, xml)
    if unpacked:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "export")
        path = tmp_path / "export/apple_health_export"
    old(tmp_path)
    once = said(path)
    assert len(once[0]) == 2
    assert len(once[1]) == 2
    assert once[4].keys() == {"age", "sex", "resting_heart_rate"}
    assert said(path, cache=kept) == once
    ((entry, _),) = kept.entries()
    with zipfile.ZipFile(entry) as archive:
        assert json.loads(archive.read(content.ABOUT))["person"] == {"resting_heart_rate": 48.0}
    monkeypatch.setattr(apple_health, "_read", None)
    assert said(path, cache=kept) == once
    monkeypatch.setattr(apple_person, "_age", lambda birth, today: {"age": 64})  # years later
    assert said(path, cache=kept)[4] == once[4] | {"age": 64}
    if unpacked:
        os.utime(path / ROUTE[1:], (START, START + 1))
        with pytest.raises(TypeError):
            said(path, cache=kept)


def test_an_export_with_an_unreadable_route_is_not_kept(tmp_path, kept):
    path = zipped(tmp_path, health(records(), workout(), workout(sport="Cycling")))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "export")
    broken = tmp_path / "export/apple_health_export" / ROUTE[1:]
    broken.write_bytes(gzip.compress(route())[:-30])
    old(tmp_path)
    assert said(tmp_path / "export", cache=kept)[1] == [("route file unusable: damaged", 1)]
    assert not kept.entries()


def test_errors_are_the_same_twice(tmp_path, kept):
    (tmp_path / "runs").mkdir()
    for path in (tmp_path / "runs", zipped(tmp_path, health(workout()), routes={})):
        errors = []
        for how in ({}, {"cache": kept}, {"cache": kept}, {"cache": kept, "processes": 2}):
            with pytest.raises(InputError) as caught:
                said(path, **how)
            errors.append(str(caught.value))
        assert len(set(errors)) == 1


def test_only_the_user_can_read_it(folder, kept):
    kept.folder.mkdir()
    kept.folder.chmod(0o777)
    said(folder, cache=kept)
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(status.st_mode) for _, status in kept.entries()} == {0o600}


@pytest.mark.parametrize("place", ["file", "link", "beneath a file"])
def test_without_a_folder_nothing_is_kept(folder, kept, place):
    target = kept.folder.parent / "elsewhere"
    target.mkdir()
    if place == "link":
        kept.folder.symlink_to(target)
    elif place == "file":
        kept.folder.write_text("mine")
    else:
        kept = Cache(folder / "a.fit/cache")
    once = said(folder)
    for _ in range(2):
        assert said(folder, cache=kept) == once
    assert not list(target.iterdir())
    kept.clear()


def test_old_entries_go(folder, kept, monkeypatch):
    said(folder, cache=kept)
    sizes = {path: status.st_size for path, status in kept.entries()}
    mine, left = kept.folder / "notes.npz", kept.folder / f"tmpabcd_123{cache.UNFINISHED}"
    for path in (mine, left):
        path.write_text("x")
        os.utime(path, (START, START))
    for age, path in enumerate(sizes):
        os.utime(path, (START, path.stat().st_mtime - age))
    newest = list(sizes)[:4]
    monkeypatch.setattr(cache, "MAX_SIZE", sum(map(sizes.__getitem__, newest)) + 50)
    said(folder / "b.gpx", cache=kept)  # a single file is not kept
    assert len(kept.entries()) == len(sizes) + 1
    kept._written = 1
    kept.trim()
    assert {path for path, _ in kept.entries()} == set(newest)
    monkeypatch.setattr(cache, "DAYS", -1)
    kept._written = 1
    kept.trim()
    assert not kept.entries()
    assert mine.exists()


def test_using_an_entry_makes_it_young(folder, kept):
    said(folder, cache=kept)
    for path, _ in kept.entries():
        os.utime(path, (START, START))
    said(folder / "anna", cache=kept)
    assert sum(status.st_mtime > START for _, status in kept.entries()) == 2


def test_no_more_is_written_than_may_be_kept(folder, kept, monkeypatch):
    monkeypatch.setattr(cache, "MAX_SIZE", 3000)
    once = said(folder)
    assert said(folder, cache=kept) == once
    assert 2000 < sum(status.st_size for _, status in kept.entries()) <= 3000


def test_clearing_leaves_what_is_not_ours(folder, kept):
    said(folder, cache=kept)
    (kept.folder / "mine").write_text("x")
    kept.clear()
    assert os.listdir(kept.folder) == ["mine"]
    (kept.folder / "mine").unlink()
    kept.clear()
    assert not kept.folder.exists()
    kept.clear()


def test_two_at_once(folder, tmp_path):
    once = said(folder)
    results = []
    readers = [threading.Thread(target=lambda: results.append(said(folder, cache=Cache(tmp_path / "cache")))) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert results == [once] * 4
    assert len(Cache(tmp_path / "cache").entries()) == 15
    assert not list((tmp_path / "cache").glob(f"*{cache.UNFINISHED}"))


def test_other_code_reads_anew(folder, kept, parsed, monkeypatch):
    said(folder, cache=kept)
    parsed.clear()
    monkeypatch.setattr(cache, "code", lambda *rooms: "another version")
    said(folder, cache=kept)
    assert len(parsed) > 15


def test_the_code_that_reads_is_hashed(monkeypatch, tmp_path):
    before = cache.code.__wrapped__("utils", "workouts")
    assert before == cache.code("utils", "workouts")
    changed = fit.__file__
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (str(path) == changed))
    assert cache.code.__wrapped__("utils", "workouts") != before


def test_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HRKERAS_CACHE_DIR", str(tmp_path))
    assert cache.folder() == tmp_path / "kept-runs"
    monkeypatch.delenv("HRKERAS_CACHE_DIR")
    if os.name == "posix" and os.uname().sysname == "Linux":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert cache.folder() == tmp_path / "xdg/hrkeras/kept-runs"
