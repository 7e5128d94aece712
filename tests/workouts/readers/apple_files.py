"""Small Apple Health exports, built for the tests."""

import io
import zipfile
from datetime import UTC, datetime, timedelta, timezone

from hrkeras.workouts.readers import apple_health, apple_xml
from hrkeras.workouts.readers.source import ReadLog

START = 1_700_000_000  # 2023-11-14 22:13:20 UTC
ROUTE = "/workout-routes/route_1.gpx"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n<!ELEMENT HealthData (ExportDate,Me)>\n]>\n'


def date(clock, hours=8):
    return datetime.fromtimestamp(clock, timezone(timedelta(hours=hours))).strftime("%Y-%m-%d %H:%M:%S %z")


def record(clock, value, unit="count/min", kind="HeartRate", hours=8, device="&lt;HKDevice&gt;", source="A’s Apple\u00a0Watch"):
    when = date(clock, hours)
    return (
        f' <Record type="HKQuantityTypeIdentifier{kind}" sourceName="{source}" device="{device}" '
        f'unit="{unit}" creationDate="{when}" startDate="{when}" endDate="{when}" value="{value}">\n'
        '  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="2"/>\n </Record>\n'
    )


def records(length=100, start=START, step=5):
    return "".join(record(start + second, 100 + second / 10) for second in range(0, length + 1, step))


def reference(path=ROUTE):
    return f'  <WorkoutRoute sourceName="Watch">\n   <FileReference path="{path}"/>\n  </WorkoutRoute>\n'


def workout(body=None, sport="Running", start=START, length=100, hours=8, source="A’s Apple\u00a0Watch"):
    return (
        f' <Workout workoutActivityType="HKWorkoutActivityType{sport}" duration="1" durationUnit="min" sourceName="{source}" '
        f'startDate="{date(start, hours)}" endDate="{date(start + length, hours)}">\n'
        f"{reference() if body is None else body} </Workout>\n"
    )


def health(*elements, head=HEAD):
    return f'{head}<HealthData locale="en_GB">\n{"".join(elements)}</HealthData>\n'.encode()


def route(start=START, length=100, speed="3.0"):
    points = "".join(
        f'<trkpt lon="{7 + second * 3e-5:.6f}" lat="50.0"><ele>{100 + second}</ele>'
        f"<time>{datetime.fromtimestamp(start + second, UTC):%Y-%m-%dT%H:%M:%SZ}</time>"
        f"<extensions><speed>{speed}</speed></extensions></trkpt>\n"
        for second in range(length + 1)
    )
    return f'<gpx version="1.1" creator="Apple Health Export"><trk><trkseg>{points}</trkseg></trk></gpx>'.encode()


def zipped(tmp_path, xml, routes=None, name="apple_health_export/export.xml", **more):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apple_health_export/export_cda.xml", "<ClinicalDocument/>" * 100)
        archive.writestr(name, xml)
        for entry, data in ({ROUTE: route()} if routes is None else routes).items():
            archive.writestr("apple_health_export" + entry, data)
        for entry, data in more.items():
            archive.writestr(entry, data)
    return path


def read(path):
    log = ReadLog()
    return list(apple_health.read(path, log=log)), log


def read_run(path):
    (run,), log = read(path)
    assert not log.skipped
    return run


def scan(xml, chunk=apple_xml.CHUNK):
    log = ReadLog()
    return apple_xml.scan(io.BytesIO(xml), log, "export", chunk), log
