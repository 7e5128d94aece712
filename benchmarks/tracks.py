"""How fast track files are read: GPX beside gpxpy and FIT beside fitdecode, in the same run.

python benchmarks/tracks.py [FIT ...]
"""

import io
import sys
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

import fitdecode
import gpxpy

from hrkeras.workouts.readers import fit, gpx

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


def compare_fit(name: str, recording: bytes) -> None:
    """Prints how long a FIT file takes, and fitdecode."""
    points = sum(len(session.table) for session in fit.read_sessions(io.BytesIO(recording)))
    ours = best(lambda: fit.read_sessions(io.BytesIO(recording)))
    theirs = best(lambda: decode(recording))
    print(f"FIT, {name}, {len(recording) / 1e6:.2f} MB, {points:,} records: {ours:.4f} s ({points / ours:,.0f} records/s)")
    print(f"  fitdecode: {theirs:.2f} s ({points / theirs:,.0f} records/s), {theirs / ours:.0f} times as long", flush=True)


def main(paths: list[str]) -> None:
    sys.path.append(str(Path(__file__).parents[1] / "tests/workouts/readers"))
    from track_files import fit_file, run

    route = apple_route(SECONDS)
    size = len(route) / 1e6
    ours = best(lambda: gpx.read_tracks(io.BytesIO(route)))
    theirs = best(lambda: gpxpy.parse(route))
    print(f"GPX, {size:.1f} MB, {SECONDS:,} points: {ours:.2f} s ({size / ours:.0f} MB/s)")
    print(f"  gpxpy: {theirs:.2f} s ({size / theirs:.0f} MB/s), {theirs / ours:.1f} times as long")
    warnings.simplefilter("ignore", UserWarning)  # of fitdecode about fields of unusual size
    compare_fit("generated", fit_file(run(RECORDS)))
    for path in paths:
        compare_fit(Path(path).name, Path(path).read_bytes())


if __name__ == "__main__":
    main(sys.argv[1:])
