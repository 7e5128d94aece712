"""How fast track files are read: GPX beside gpxpy, TCX beside ElementTree and FIT beside fitdecode, in the same run.

python benchmarks/tracks.py [FILE ...]
"""

import io
import sys
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import fitdecode
import gpxpy

from hrkeras.workouts.readers import fit, gpx, tcx

SECONDS = 50_000  # points, one a second
RECORDS = 15_000  # of a FIT file: four hours
REPEATS = 3


def apple_route(seconds: int) -> bytes:
    """A route as Apple's Health app writes it, along a straight line."""
    points = (
        f'<trkpt lon="{second * 2e-5:.6f}" lat="{second * 1e-5:.6f}"><ele>{second % 90:.6f}</ele>'
        f"<time>{datetime.fromtimestamp(1_600_000_000 + second, UTC):%Y-%m-%dT%H:%M:%SZ}</time>"
        "<extensions><speed>2.500000</speed><course>195.458862</course><hAcc>3.846579</hAcc><vAcc>1.409397</vAcc>"
        "</extensions></trkpt>\n"
        for second in range(seconds)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><gpx version="1.1" creator="Apple Health Export" '
        f'xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>{"".join(points)}</trkseg></trk></gpx>'
    ).encode()


def garmin_route(seconds: int) -> bytes:
    """A route with heart rate as Garmin Connect writes it; in every tenth point the cadence is missing."""
    points = (
        f'<trkpt lat="{second * 1e-5:.27f}" lon="{second * 2e-5:.27f}">\n        <ele>{second % 90}.200000762939453125</ele>\n'
        f"        <time>{datetime.fromtimestamp(1_600_000_000 + second, UTC):%Y-%m-%dT%H:%M:%S.000Z}</time>\n"
        f"        <extensions>\n          <ns3:TrackPointExtension>\n            <ns3:hr>{100 + second % 60}</ns3:hr>\n"
        f"{'            <ns3:cad>84</ns3:cad>' if second % 10 else ''}\n          </ns3:TrackPointExtension>\n"
        "        </extensions>\n      </trkpt>\n"
        for second in range(seconds)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><gpx version="1.1" creator="Garmin Connect" '
        'xmlns:ns3="http://www.garmin.com/xmlschemas/TrackPointExtension/v1" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><name>Run</name><type>running</type><trkseg>{''.join(points)}</trkseg></trk></gpx>"
    ).encode()


def garmin_activity(seconds: int) -> bytes:
    """A run as Garmin Connect exports it to TCX."""
    points = (
        f"<Trackpoint>\n            <Time>{datetime.fromtimestamp(1_600_000_000 + second, UTC):%Y-%m-%dT%H:%M:%S.000Z}</Time>\n"
        f"            <Position>\n              <LatitudeDegrees>{second * 1e-5:.15f}</LatitudeDegrees>\n"
        f"              <LongitudeDegrees>{second * 2e-5:.15f}</LongitudeDegrees>\n            </Position>\n"
        f"            <AltitudeMeters>{second % 90}.0</AltitudeMeters>\n"
        f"            <HeartRateBpm>\n              <Value>{100 + second % 60}</Value>\n            </HeartRateBpm>\n"
        "            <Extensions>\n              <ns3:TPX>\n                <ns3:Speed>2.5</ns3:Speed>\n"
        "              </ns3:TPX>\n            </Extensions>\n          </Trackpoint>\n"
        for second in range(seconds)
    )
    return (
        '<TrainingCenterDatabase xmlns:ns3="http://www.garmin.com/xmlschemas/ActivityExtension/v2" '
        'xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities><Activity Sport="Running">'
        f"<Lap><Track>{''.join(points)}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    ).encode()


def by_element_tree(activity: bytes) -> list[tuple[float, ...]]:
    """What one would write first for TCX: times, positions, altitudes and heart rates of its points."""
    space = "{http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2}"
    paths = [f".//{space}{name}" for name in ("LatitudeDegrees", "LongitudeDegrees", "AltitudeMeters", "Value")]
    return [
        (
            datetime.fromisoformat(point.findtext(f"{space}Time", "")).timestamp(),
            *(float(point.findtext(path, "nan")) for path in paths),
        )
        for point in ElementTree.fromstring(activity).iter(f"{space}Trackpoint")
    ]


def best(function) -> float:
    """The shortest time in s of several calls."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def decode(recording: bytes) -> None:
    """Decodes all messages with fitdecode."""
    with fitdecode.FitReader(io.BytesIO(recording), check_crc=fitdecode.CrcCheck.RAISE) as frames:
        for _ in frames:
            pass


def compare(name: str, data: bytes, read, peer_name: str, peer) -> None:
    """Prints how long a file takes, and its peer."""
    size, points = len(data) / 1e6, sum(len(recording.table) for recording in read(io.BytesIO(data)))
    print(f"{name}, {size:.1f} MB, {points:,} points")
    ours, theirs = best(lambda: read(io.BytesIO(data))), best(lambda: peer(data))
    for who, seconds in (("hrkeras", ours), (peer_name, theirs)):
        print(f"  {who}: {seconds:.3f} s ({size / seconds:.0f} MB/s, {points / seconds:,.0f} points/s)")
    print(f"  {theirs / ours:.1f} times as long", flush=True)


def main(paths: list[str]) -> None:
    sys.path.append(str(Path(__file__).parents[1] / "tests/workouts/readers"))
    from track_files import fit_file, run

    warnings.simplefilter("ignore", UserWarning)  # of fitdecode about fields of unusual size
    kinds = {
        ".gpx": (gpx.read_tracks, "gpxpy", gpxpy.parse),
        ".tcx": (tcx.read_activities, "ElementTree", by_element_tree),
        ".fit": (fit.read_sessions, "fitdecode", decode),
    }
    compare("GPX, Apple", apple_route(SECONDS), *kinds[".gpx"])
    compare("GPX, Garmin", garmin_route(SECONDS), *kinds[".gpx"])
    compare("TCX, Garmin", garmin_activity(SECONDS), *kinds[".tcx"])
    compare("FIT, generated", fit_file(run(RECORDS)), *kinds[".fit"])
    for path in map(Path, paths):
        compare(path.name, path.read_bytes(), *kinds[path.suffix.lower()])


if __name__ == "__main__":
    main(sys.argv[1:])
