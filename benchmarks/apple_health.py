"""Time and memory of reading a big Apple Health export, beside a plain ElementTree and gpxpy reader.

python benchmarks/apple_health.py --gigabytes 2
"""

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from hrkeras.workouts.interpolation import interpolate
from hrkeras.workouts.readers import apple_health
from hrkeras.workouts.workout import from_points

DATE = "%Y-%m-%d %H:%M:%S %z"
DEVICE = "&lt;&lt;HKDevice: 0x3012ab4c0&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, software:10.1&gt;"
START = 1_500_000_000
RUN = 1800  # s


def record(kind: str, unit: str, clock: int, value, tail: str = "/>") -> str:
    date = datetime.fromtimestamp(clock, UTC).strftime(DATE)
    return (
        f' <Record type="HKQuantityTypeIdentifier{kind}" sourceName="Apple\u00a0Watch" sourceVersion="10.1" '
        f'device="{DEVICE}" unit="{unit}" creationDate="{date}" startDate="{date}" endDate="{date}" '
        f'value="{value}"{tail}\n'
    )


def heart_rate(clock: int) -> str:
    context = '>\n  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="2"/>\n </Record>'
    return record("HeartRate", "count/min", clock, random.randint(60, 180), context)


def write(path: Path, size: int, runs: int) -> None:
    """Writes an export whose XML has about `size` bytes: steps, energy, a third heart rate, and `runs` runs."""
    spacing = 300_000
    starts = [START + spacing * number for number in range(runs)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("apple_health_export/export.xml", "w", force_zip64=True) as xml:
            xml.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<HealthData locale="en_GB">\n')
            for start in starts:
                xml.write("".join(heart_rate(start + second) for second in range(0, RUN, 5)).encode())
            background, clock = max(size - runs * RUN // 5 * 450, 0), START
            step = spacing * runs // (background // 1200 + 1)
            while background > 0:
                block = []
                for _ in range(1000):
                    clock += max(step, 1)
                    block.append(heart_rate(clock))
                    block.append(record("StepCount", "count", clock, random.randint(1, 200)))
                    block.append(record("ActiveEnergyBurned", "kcal", clock, random.random()))
                background -= xml.write("".join(block).encode())
            for number, start in enumerate(starts):
                begin, end = (datetime.fromtimestamp(clock, UTC).strftime(DATE) for clock in (start, start + RUN))
                xml.write(
                    f' <Workout workoutActivityType="HKWorkoutActivityTypeRunning" startDate="{begin}" '
                    f'endDate="{end}">\n'
                    f'  <WorkoutRoute><FileReference path="/workout-routes/{number}.gpx"/></WorkoutRoute>\n'
                    " </Workout>\n".encode()
                )
            xml.write(b"</HealthData>\n")
        for number, start in enumerate(starts):
            points = "".join(
                f'<trkpt lon="{10 + second * 3e-5:.6f}" lat="50.000000"><ele>{random.uniform(90, 110):.6f}</ele>'
                f"<time>{datetime.fromtimestamp(start + second, UTC):%Y-%m-%dT%H:%M:%SZ}</time><extensions>"
                f"<speed>{random.uniform(2, 4):.6f}</speed><course>90.000000</course><hAcc>3.846579</hAcc>"
                "<vAcc>1.409397</vAcc></extensions></trkpt>\n"
                for second in range(RUN)
            )
            archive.writestr(
                f"apple_health_export/workout-routes/{number}.gpx",
                f'<gpx version="1.1" creator="Apple Health Export" xmlns="http://www.topografix.com/GPX/1/1">'
                f"<trk><trkseg>{points}</trkseg></trk></gpx>",
            )


def ours(path: Path):
    return apple_health.read(path)


def plain(path: Path):
    """What one would write first: one pass of ElementTree's parser, gpxpy for each route."""
    import gpxpy

    clock, rate, runs = [], [], []
    with zipfile.ZipFile(path) as archive:
        with archive.open("apple_health_export/export.xml") as xml:
            events = ElementTree.iterparse(xml, events=("start", "end"))
            _, root = next(events)
            for event, element in events:
                if event == "end" and element.tag == "Record":
                    if element.get("type") == "HKQuantityTypeIdentifierHeartRate":
                        clock.append(datetime.strptime(element.get("startDate"), DATE).timestamp())
                        rate.append(float(element.get("value")))
                    root.clear()
                elif event == "end" and element.tag == "Workout":
                    runs.append([reference.get("path") for reference in element.iter("FileReference")])
                    root.clear()
        clock, first = np.unique(clock, return_index=True)
        rate = np.array(rate)[first]
        names = set(archive.namelist())
        for route in (f"apple_health_export{route}" for run in runs for route in run[:1]):
            if route not in names:
                continue
            with archive.open(route) as file:
                track = gpxpy.parse(file)
            points = [point for segment in track.tracks[0].segments for point in segment.points]
            time_ = np.array([point.time.timestamp() for point in points])
            yield from_points(
                time_,
                latitude=[point.latitude for point in points],
                longitude=[point.longitude for point in points],
                altitude=[point.elevation for point in points],
                heart_rate=interpolate(time_, clock, rate),
            )


def measure(reader, path: Path, results) -> None:
    began = time.perf_counter()
    points = sum(len(workout) for workout in reader(path))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results.put((time.perf_counter() - began, peak, points))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gigabytes", type=float, default=2.0, help="size of the XML")
    options.add_argument("--runs", type=int, default=300)
    arguments = options.parse_args()
    random.seed(0)
    context = multiprocessing.get_context("spawn")  # so that each one's peak memory is its own
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.zip"
        write(path, int(arguments.gigabytes * 1e9), arguments.runs)
        with zipfile.ZipFile(path) as archive:
            length = archive.getinfo("apple_health_export/export.xml").file_size
        print(f"XML {length / 1e9:.2f} GB, zip {path.stat().st_size / 1e6:.0f} MB, {arguments.runs} runs of {RUN} points")
        taken = {}
        for reader in (ours, plain):
            results = context.Queue()
            process = context.Process(target=measure, args=(reader, path, results))
            process.start()
            taken[reader], peak, points = results.get()
            process.join()
            print(f"{reader.__name__:6} {taken[reader]:7.1f} s, peak memory {peak:5.0f} MB, {points} points")
        print(f"{taken[plain] / taken[ours]:.1f} times as fast")


if __name__ == "__main__":
    main()
