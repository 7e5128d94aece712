"""Small exports are built here, one oddity of real ones or one attack at a time."""

import os
import time
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from apple_files import (
    HEAD,
    ROUTE,
    START,
    date,
    health,
    read,
    read_run,
    record,
    records,
    reference,
    route,
    scan,
    workout,
    zipped,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from hrkeras.utils.errors import InputError
from hrkeras.workouts.readers import apple_health, apple_xml
from hrkeras.workouts.readers.source import ReadLog

REAL = Path(__file__).parents[4] / "shared" / "data" / "apple_health"


def test_run_joins_route_and_heart_rate(tmp_path):
    run = read_run(zipped(tmp_path, health(records(), workout())))
    assert (run.sport, run.user, run.start) == ("running", "apple_watch", START)
    assert run.where == "export.zip: workout 2023-11-15 06:13"
    np.testing.assert_array_equal(run.time, np.arange(101))
    np.testing.assert_allclose(run.heart_rate, 100 + np.arange(101) / 10, atol=1e-4)
    np.testing.assert_array_equal(run.speed, np.full(101, 3.0))
    np.testing.assert_array_equal(run.altitude, 100 + np.arange(101))


def test_zip_folder_parent_and_xml_are_alike(tmp_path):
    path = zipped(tmp_path, health(records(), workout()))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    folder = tmp_path / "unpacked" / "apple_health_export"
    expected = read_run(path)
    for other in (folder, folder.parent, folder / "export.xml"):
        run = read_run(other)
        np.testing.assert_array_equal(run.heart_rate, expected.heart_rate)
        np.testing.assert_array_equal(run.time, expected.time)
        assert apple_health.is_export(other)


@pytest.mark.parametrize("number", [0, 1, 7])
def test_progress_adds_up_to_size(tmp_path, number):
    path = zipped(tmp_path, health(records(), *[workout()] * number))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    for source in (path, tmp_path / "apple_health_export", tmp_path / "apple_health_export" / "export.xml"):
        told = []
        list(apple_health.read(source, log=ReadLog(told.append)))
        assert sum(told) == apple_health.size(source)
        assert min(told) >= 0


def test_speed_comes_from_positions_where_the_watch_wrote_zero(tmp_path):
    run = read_run(zipped(tmp_path, health(records(), workout()), {ROUTE: route(speed="0.0")}))
    assert np.median(run.speed) == pytest.approx(2.14, abs=0.05)  # 3e-5 degrees of longitude at 50 degrees north


def test_every_date_has_its_own_offset(tmp_path):
    rates = "".join(record(START + second, 120, hours=-5) for second in range(0, 101, 5))
    run = read_run(zipped(tmp_path, health(rates, workout(hours=2))))
    assert np.isfinite(run.heart_rate).all()


def test_workouts_may_come_before_records(tmp_path):
    assert np.isfinite(read_run(zipped(tmp_path, health(workout(), records()))).heart_rate).all()


def test_heart_rate_outside_the_workout_is_not_used(tmp_path):
    rates = record(START - 5, 60) + record(START + 50, 150) + record(START + 105, 90)
    run = read_run(zipped(tmp_path, health(rates, workout())))
    assert np.flatnonzero(np.isfinite(run.heart_rate)).tolist() == [50]


def test_run_without_heart_rate_is_kept(tmp_path):
    assert np.isnan(read_run(zipped(tmp_path, health(workout()))).heart_rate).all()


def test_units_correlations_and_second_sources(tmp_path):
    rates = "".join(
        [
            record(START, 2.0, unit="count/s"),
            record(START + 50, 130) + record(START + 50, 180),
            f"<Correlation>{record(START + 50, 130)}</Correlation>",
            record(START + 60, 99, unit="furlong"),
            record(START + 100, 140),
        ]
    )
    content, _ = scan(health(rates))
    assert (content.heart_rates.clock - START).tolist() == [0, 50, 100]
    assert content.heart_rates.value.tolist() == [120, 130, 140]


@pytest.mark.parametrize("value", ["nan", "inf", "-70", "0", "1e400", "9" * 500, "", "abc", "0x40", "１２０"])
def test_absurd_heart_rates_are_not_measured(value):
    content, _ = scan(health(record(START, value), record(START + 5, "120.5")))
    assert content.heart_rates.value.tolist() == [120.5]


def test_attributes_in_any_order_and_other_types():
    when = date(START)
    own = f'<Record value="120" startDate="{when}" unit="count/min" type="HKQuantityTypeIdentifierHeartRate"/>'
    other = own.replace("HeartRate", "HeartRateVariabilitySDNN").replace("120", "55")
    statistics = f'<WorkoutStatistics type="HKQuantityTypeIdentifierHeartRate" unit="count/min" startDate="{when}"/>'
    content, _ = scan(
        health(other, own, statistics, record(START, 7, kind="StepCount"), record(START, 8, kind="RestingHeartRate"))
    )
    assert content.heart_rates.value.tolist() == [120]


def test_indoor_other_sports_and_activities_within(tmp_path):
    indoor = '  <MetadataEntry value="1" key="HKIndoorWorkout"/>\n'
    inner = f'  <WorkoutActivity uuid="x" startDate="{date(START)}" endDate="{date(START + 9)}">\n  </WorkoutActivity>\n'
    bare = workout("", "Cycling").replace('">\n </Workout>', '"/>')
    assert bare.count("</Workout>") == 0
    path = zipped(
        tmp_path,
        health(
            records(),
            workout(indoor),
            workout(""),
            workout(reference() + inner),
            bare,
            workout(sport="TraditionalStrengthTraining"),
            workout(sport="Yoga", start=START + 9999),
        ),
    )
    workouts, log = read(path)
    sports = ["indoor running", "indoor running", "running", "cycling", "traditional strength training", "yoga"]
    assert [workout.sport for workout in workouts] == sports
    assert not log.skipped
    assert workouts[-1].start == START + 9999
    assert np.isnan(workouts[-1].heart_rate).all()
    assert len(workouts[0]) == 21
    assert np.isnan(workouts[0].speed).all()


def test_pauses_are_left_out_and_time_stays(tmp_path):
    def event(kind, second):
        return f'  <WorkoutEvent type="HKWorkoutEventType{kind}" date="{date(START + second)}" duration="0"/>\n'

    events = event("Pause", 10) + event("PauseOrResumeRequest", 20) + event("Resume", 30)
    events += event("MotionPaused", 50) + event("MotionResumed", 60) + event("Pause", 90)
    run = read_run(zipped(tmp_path, health(records(), workout(events + reference()))))
    assert run.time.tolist() == [*range(11), *range(30, 51), *range(60, 91), 100]


def test_a_pause_that_ends_in_the_second_in_which_it_began_takes_nothing(tmp_path):
    kinds = ("Pause", "Resume", "Pause", "Resume")
    events = "".join(f'<WorkoutEvent type="HKWorkoutEventType{kind}" date="{date(START + 10)}"/>' for kind in kinds)
    run = read_run(zipped(tmp_path, health(records(), workout(events + reference()))))
    assert run.time.tolist() == list(range(101))


def test_split_routes_are_merged_each_once(tmp_path):
    parts = {f"/workout-routes/{part}.gpx": route(START + 10 * part, 9) for part in range(10)}
    body = "".join(map(reference, [*parts, *list(parts)[:2]]))
    run = read_run(zipped(tmp_path, health(records(), workout(body)), parts))
    assert run.time.tolist() == list(range(100))


def test_inline_route_of_old_systems(tmp_path):
    locations = "".join(
        f'<Location date="{date(START + second)}" latitude="50" longitude="{7 + second * 3e-5}" '
        f'altitude="{second}" horizontalAccuracy="8" course="-1" speed="{3e-5 if second else 2.5}"/>\n'
        for second in range(5)
    )
    locations += f'<Location date="{date(START + 5)}" latitude="50" longitude="7"/><Location date="no"/>'
    run = read_run(zipped(tmp_path, health(records(), workout(f"<WorkoutRoute>{locations}</WorkoutRoute>"))))
    assert run.altitude.tolist()[:5] == [0, 1, 2, 3, 4]
    assert run.speed[:2].tolist() == [2.5, 3e-5]
    assert np.isnan(run.altitude[5])


def test_route_outside_the_workout(tmp_path):
    days_off = {ROUTE: route(START + 3 * 86400)}
    workouts, log = read(zipped(tmp_path, health(records(), workout()), days_off))
    assert not workouts
    assert log.examples == {"route lies outside the workout's time": ["export.zip: workout 2023-11-15 06:13"]}
    run = read_run(zipped(tmp_path, health(records(), workout()), {ROUTE: route(START - 200, 400)}))
    assert (run.start, run.duration) == (START - 60, 220)


@pytest.mark.parametrize(
    ("routes", "reason"),
    [
        ({ROUTE: b""}, "route file unusable: empty file"),
        ({ROUTE: b"hello"}, "route file unusable: not XML"),
        ({ROUTE: route()[:3000]}, "route file unusable: XML that is cut off"),
    ],
)
def test_unusable_route_is_counted(tmp_path, routes, reason):
    workouts, log = read(zipped(tmp_path, health(records(), workout()), routes))
    assert not workouts
    assert log.skipped == {reason: 1}


def test_a_missing_route_is_counted(tmp_path):
    workouts, log = read(zipped(tmp_path, health(records(), workout(), workout(reference("/workout-routes/none.gpx")))))
    assert len(workouts) == 1
    assert log.skipped == {"route file missing": 1}


def test_an_export_without_its_routes_is_refused(tmp_path):
    path = tmp_path / "export.xml"
    path.write_bytes(health(records(), workout(), workout(start=START + 999), workout("", "Cycling")))
    refused(path, "route file missing for each of its runs (2)", "give the whole export.zip", "workout-routes")
    path.write_bytes(health(records(), workout(""), workout("", "Cycling")))
    assert [found.sport for found in read(path)[0]] == ["indoor running", "cycling"]


@pytest.mark.parametrize("name", ["apple_health_export/exportar.xml", "导出/导出.xml", "export.xml", "x/Export.XML"])
def test_xml_is_found_under_any_name(tmp_path, name):
    folder = name.rpartition("/")[0]
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}/export_cda.xml", "<ClinicalDocument/>" * 9999)
        archive.writestr(name, health(records(), workout()))
        archive.writestr(f"{folder}{ROUTE}".lstrip("/"), route())
    assert len(read_run(path)) == 101


def test_names_that_the_zip_decodes_wrongly(tmp_path):
    body = reference("/workout-routes/路线 8.25\u202fPM &amp;&#x41;.gpx")
    path = zipped(tmp_path, health(records(), workout(body)), {}, name="导出.xml")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("workout-routes/路线 8.25 PM &A.gpx", route())
    data = path.read_bytes()
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # take away the flag that says UTF-8
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            data = data[: at + flags + 1] + bytes([data[at + flags + 1] & ~8]) + data[at + flags + 2 :]
    path.write_bytes(data)
    assert len(read_run(path)) == 101


def test_broken_document_type_and_control_characters(tmp_path):
    head = HEAD.replace("]>", "<!ATTLIST Workout\n  device CDATA #IMPLIED\n<!ELEMENT X EMPTY>\n]>")
    xml = health(records(), workout(), head=head).replace(b"Watch", b"Wat\x0bch\x00")
    assert len(read_run(zipped(tmp_path, xml))) == 101


def test_nothing_expands(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    bomb = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "boom"}">' for i in range(12))
    fake = f"<!ENTITY fake '{workout()}'>"
    head = f'<!DOCTYPE HealthData [{bomb}{fake}<!ENTITY x SYSTEM "file://{secret}">]>'
    xml = health(records(), "&e11;&x;", workout(reference("&x;&e11;")), workout(), head=head)
    workouts, log = read(zipped(tmp_path, xml))
    assert len(workouts) == 1
    assert log.skipped == {"route file missing": 1}


def test_workouts_without_times_or_end_are_counted(tmp_path):
    broken = workout().replace("startDate", "start")
    backwards = workout(length=-5)
    absurd = workout().replace("2023-", "9999-")
    no_end = workout().replace("</Workout>", "")
    workouts, log = read(zipped(tmp_path, health(records(), broken, no_end, backwards, absurd, workout())))
    assert len(workouts) == 1
    assert log.skipped == {
        "workout without start and end": 1,
        "workout without an end": 1,
        "workout that does not end after its start (years 1990 to 2100)": 2,
    }


def test_truncated_xml_gives_what_was_complete(tmp_path):
    xml = health(records(), workout(), workout(start=START + 500))
    for cut in (xml.rindex(b"<Workout ") + 30, xml.rindex(b"</Workout>") + 5):
        workouts, log = read(zipped(tmp_path, xml[:cut]))
        assert len(workouts) == 1
        assert log.skipped == {"file ends in the middle of an element": 1}


def test_long_lines_and_oversized_elements(tmp_path, monkeypatch):
    xml = health(records(), record(START + 2, 110, device="x" * 10_000_000), "y" * 10_000_000, workout())
    content, log = scan(xml)
    assert (len(content.entries), len(content.heart_rates.clock)) == (1, 22)
    assert not log.skipped
    monkeypatch.setattr(apple_xml, "MAX_ELEMENT", 1 << 20)
    content, log = scan(xml, chunk=1 << 18)
    assert (len(content.entries), len(content.heart_rates.clock)) == (1, 21)
    assert set(log.skipped) == {"element of over 1 MB"}


@pytest.mark.parametrize(
    "piece",
    [b"<Workout a>", b"a", b'a="', b" ", b"=", b"&#9", b"9", b"<Workout ", b"<Record ", b'startDate="', b"<Location "],
)
@pytest.mark.parametrize("before", [b"", b"<Workout ", b'<Record type="HKQuantityTypeIdentifierHeartRate" ', b"<Location "])
def test_time_stays_in_proportion_to_size(piece, before):
    began = time.process_time()
    scan(b"<HealthData>" + before + piece * (2_000_000 // len(piece)) + b"/></Workout></HealthData>")
    assert time.process_time() - began < 10


def test_endless_numeric_entity_in_a_reference(tmp_path):
    path = zipped(tmp_path, health(records(), workout(reference("&#" + "9" * 100_000 + ";"))))
    refused(path, "route file missing")


def refused(path, *parts):
    with pytest.raises(InputError) as caught:
        list(apple_health.read(path))
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.endswith(".")
    for part in parts:
        assert part in message


def test_wrong_files_are_refused(tmp_path):
    path = tmp_path / "some.file"
    for data, part in ((b"", "empty"), (route(), "found no <HealthData>"), (b"hello", "Export All Health Data")):
        path.write_bytes(data)
        refused(path, part)
        assert not apple_health.is_export(path)
    refused(tmp_path / "none", "no such file")
    refused(tmp_path, "found no <HealthData>")
    assert not apple_health.is_export(tmp_path / "none")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.gpx", route())
    refused(path, "found no <HealthData>")
    assert not apple_health.is_export(path)


def test_truncated_zip_is_refused(tmp_path):
    path = zipped(tmp_path, health(records(), workout()))
    path.write_bytes(path.read_bytes()[:-200])
    refused(path, "cut off or damaged", "fetch it anew")
    assert apple_health.is_export(path)


def test_damaged_member_is_refused(tmp_path):
    path = zipped(tmp_path, health(records(), workout()))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("apple_health_export/export.xml")
    data[member.header_offset + 100 + member.compress_size // 2] ^= 0xFF
    path.write_bytes(data)
    refused(path, "export.xml", "is damaged")


def test_damaged_route_is_counted(tmp_path):
    path = zipped(tmp_path, health(records(), workout()))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("apple_health_export" + ROUTE)
    data[member.header_offset + 100 + member.compress_size // 2] ^= 0xFF
    path.write_bytes(data)
    assert read(path)[1].skipped == {"route file unusable: damaged": 1}


def test_encrypted_zip_is_refused(tmp_path):
    path = zipped(tmp_path, health(records(), workout()))
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            data[at + flags] |= 1
    path.write_bytes(data)
    refused(path, "encrypted", "give the folder")
    assert apple_health.is_export(path)


@pytest.mark.parametrize("hidden", [False, True])
def test_zip_bomb_is_refused(tmp_path, monkeypatch, hidden):
    monkeypatch.setattr("hrkeras.workouts.readers.archive.RATIO_FROM", 1 << 20)
    path = zipped(tmp_path, health(records(), " " * (4 << 20), workout()))
    if hidden:  # the zip's own directory claims a small file
        data = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            length = archive.getinfo("apple_health_export/export.xml").file_size
        path.write_bytes(data.replace(length.to_bytes(4, "little"), (9999).to_bytes(4, "little")))
        refused(path, "is damaged")
    else:
        refused(path, "200 times")


def test_route_that_is_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("hrkeras.workouts.readers.archive.RATIO_FROM", 1 << 20)
    bomb = route().replace(b"</gpx>", b" " * (4 << 20) + b"</gpx>")
    _, log = read(zipped(tmp_path, health(records(), workout()), {ROUTE: bomb}))
    assert log.skipped == {"route file unusable: damaged": 1}


HOSTILE = ["../../secret.gpx", "/etc/passwd", "..\\..\\secret.gpx", "//host/secret.gpx", "", "..", "a\0b", "C:\\x.gpx"]


@pytest.mark.parametrize("name", HOSTILE)
def test_references_never_lead_out(tmp_path, name):
    (tmp_path / "secret.gpx").write_bytes(route())
    folder = tmp_path / "a" / "apple_health_export"
    (folder / "workout-routes").mkdir(parents=True)
    (folder / "export.xml").write_bytes(health(records(), workout(reference(name))))
    refused(folder, "route file missing")


def test_links_never_lead_out(tmp_path):
    (tmp_path / "secret.gpx").write_bytes(route())
    folder = tmp_path / "apple_health_export"
    (folder / "workout-routes").mkdir(parents=True)
    (folder / "export.xml").write_bytes(health(records(), workout()))
    os.symlink(tmp_path / "secret.gpx", folder / ROUTE.lstrip("/"))
    refused(folder, "route file missing")


@pytest.mark.parametrize("name", ["../../outside.xml", "/tmp/outside.xml"])
def test_names_in_a_zip_are_never_paths(tmp_path, name):
    path = zipped(tmp_path, b"<x/>", {}, **{name: health(records(), workout(""))})
    before = set(tmp_path.rglob("*"))
    assert [run.sport for run in read(path)[0]] == ["indoor running"]
    assert set(tmp_path.rglob("*")) == before


def test_workouts_that_crowd_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(apple_xml, "MAX_AT_ONCE", 3)
    crowd = [workout(start=START + each) for each in (0, 0, 50, 99, 100, 101)]
    workouts, log = read(zipped(tmp_path, health(records(), *crowd)))
    assert [run.start - START for run in workouts] == [0, 0, 0, 40]  # when the fifth began two had ended
    assert log.skipped == {"begins while 3 other workouts go on": 2}


def test_too_many_workouts_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(apple_xml, "MAX_WORKOUTS", 3)
    workouts, log = read(zipped(tmp_path, health(records(), *[workout()] * 5)))
    assert len(workouts) == 3
    assert log.skipped == {"beyond the first 3 workouts": 2}


SAMPLE = health(
    record(START - 500, 70, kind="StepCount"),
    records(20),
    workout(),
    workout().replace("</Workout>", ""),
    workout("", "Cycling").replace('">\n </Workout>', '"/>'),
    record(START + 90, "1.5", unit="count/s"),
    workout(f'<Location date="{date(START)}" latitude="50" longitude="7"/>'),
)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4000), st.integers(0, len(SAMPLE)))
def test_chunk_size_changes_nothing(chunk, cut):
    def outcome(size):
        content, log = scan(SAMPLE[:cut], size)
        entries = [(entry[:-1], entry.points.tolist()) for entry in content.entries]
        return repr((entries, content.heart_rates.clock.tolist(), content.heart_rates.value.tolist(), log.skipped))

    assert outcome(chunk) == outcome(1 << 20)


@settings(deadline=None)
@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_seconds_agree_with_datetime(moment, minutes):
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert apple_xml.seconds([moment.strftime("%Y-%m-%d %H:%M:%S %z").encode()])[0] == moment.timestamp()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b"<Workout ", b"/>", b"</Workout>", b"<Record ", b'"', b"<", b">", b" ", b"\xff", b"&#99;"])))
def test_garbage_never_crashes(pieces):
    scan(b"<HealthData>" + b"".join(pieces), 7)


def real(name):
    path = REAL / name
    if not path.exists():
        pytest.skip("real exports are not there")
    return path


def well_measured(run):
    return len(run) >= 50 and np.isfinite(run.heart_rate).mean() >= 0.8


def test_real_export():
    workouts, log = read(real("export.zip"))
    runs = [workout for workout in workouts if workout.sport == "running"]
    measured = sum(map(well_measured, runs))
    print(f"{len(runs)} runs, {measured} with heart rate on 80 % of their points; skipped {dict(log.skipped)}")
    assert len(workouts) + log.skipped.total() == 147
    assert len(runs) == 141
    assert all(len(run) >= 50 for run in runs)
    assert measured >= 100  # in the others the watch measured nothing for minutes
    speeds = np.array([np.nanmedian(run.speed) for run in runs])
    assert np.mean((speeds > 1) & (speeds < 6)) > 0.95


def test_real_export_with_a_broken_document_type():
    workouts, log = read(real("export_ios16_broken_dtd.zip"))
    assert not log.skipped
    assert sum(map(well_measured, workouts)) == 10  # the watch lost contact for a quarter of the other two


@pytest.mark.parametrize(("hours", "offset"), [(8, 28_800), (-5, -18_000), (0, 0)])
def test_local_time_is_that_of_the_export(tmp_path, hours, offset):
    run = read_run(zipped(tmp_path, health(records(), workout(reference(), hours=hours))))
    assert (run.start, run.utc_offset) == (START, offset)
