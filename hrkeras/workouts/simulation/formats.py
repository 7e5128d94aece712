"""Write simulated workouts in the formats of real sources: an Endomondo file, an Apple Health export, GPX files."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from hrkeras.utils.files import atomic_write
from hrkeras.workouts.simulation.track import Track

ENDOMONDO_POINTS = 500
ENDOMONDO_SPORTS = {"running": "run", "cycling": "bike"}
SPEED_EVERY = 4  # one workout in so many has its speed in an Endomondo file
RECORD_EVERY = 5  # s between two heart rates in an Apple Health export
WATCH = 'sourceName="Watch of athlete {user}" sourceVersion="6.2"'

GARMIN_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gpx creator="Garmin Connect" version="1.1"
  xmlns:ns3="http://www.garmin.com/xmlschemas/TrackPointExtension/v1"
  xmlns="http://www.topografix.com/GPX/1/1">
  <metadata>
    <time>{time}.000Z</time>
  </metadata>
  <trk>
    <name>Simulated {kind}</name>
    <type>{sport}</type>
    <trkseg>
"""
APPLE_ROUTE_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="Apple Health Export" xmlns="http://www.topografix.com/GPX/1/1">
  <metadata>
    <time>{time}Z</time>
  </metadata>
  <trk>
    <name>Route {time}</name>
    <trkseg>
"""
GPX_TAIL = "    </trkseg>\n  </trk>\n</gpx>\n"
APPLE_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!ELEMENT HealthData (ExportDate,Me,(Record|Workout)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
]>
<HealthData locale="en_GB">
 <ExportDate value="{now}"/>
 <Me HKCharacteristicTypeIdentifierDateOfBirth="" HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSexNotSet"/>
"""
APPLE_RECORD = (
    ' <Record type="HKQuantityTypeIdentifierHeartRate" {watch} unit="count/min" creationDate="{time}"'
    ' startDate="{time}" endDate="{time}" value="{value}"/>\n'
)
APPLE_WORKOUT = (
    ' <Workout workoutActivityType="HKWorkoutActivityType{activity}" duration="{minutes:.10f}" durationUnit="min"'
    ' {watch} creationDate="{end}" startDate="{start}" endDate="{end}">\n'
    '  <MetadataEntry key="HKIndoorWorkout" value="0"/>\n'
    "{route} </Workout>\n"
)
APPLE_ROUTE = (
    '  <WorkoutRoute {watch} creationDate="{end}" startDate="{start}" endDate="{end}">\n'
    '   <FileReference path="/{path}"/>\n'
    "  </WorkoutRoute>\n"
)


def write_endomondo(runs: Iterable[Track], path: Path | str) -> None:
    """Writes a file with one workout per line like FitRec's `endomondoHR.json`, each of at most 500 points.

    Args:
        runs: workouts to write.
        path: the file; packed if it ends in .gz.
    """
    path = Path(path)
    with atomic_write(path) as part, open(part, "wb") as stream:
        lines = (f"{_endomondo(run)}\n".encode() for run in runs)
        if path.suffix == ".gz":
            with gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed:
                packed.writelines(lines)
        else:
            stream.writelines(lines)


def _endomondo(run: Track) -> dict:
    count = min(len(run.clock), ENDOMONDO_POINTS)
    kept = np.linspace(0, len(run.clock) - 1, count).round().astype(int)
    columns = {
        "longitude": run.longitude.round(7),
        "altitude": run.altitude,
        "latitude": run.latitude.round(7),
        "sport": ENDOMONDO_SPORTS[run.sport],
        "id": run.identity,
        "heart_rate": run.heart_rate,
        "gender": "unknown",
        "timestamp": run.clock,
        "url": f"https://www.endomondo.com/users/{run.user}/workouts/{run.identity}",
        "userId": int(run.user),
        "speed": (run.speed * 3.6).round(4),
    }
    if run.identity % SPEED_EVERY:
        del columns["speed"]
    entry = {}
    for key, values in columns.items():
        if not isinstance(values, np.ndarray):
            entry[key] = values
        elif np.isfinite(values).all():
            entry[key] = values[kept].astype(int if key in ("heart_rate", "timestamp") else float).tolist()
    return entry


def write_gpx_folder(runs: Iterable[Track], folder: Path | str) -> list[Path]:
    """Writes a GPX file of each workout with positions using `write_gpx`, and returns their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for run in runs:
        if np.isfinite(run.latitude).any():
            paths.append(folder / f"{_utc(run.clock[:1])[0][:10]}_{run.identity}.gpx")
            write_gpx(run, paths[-1])
    return paths


def write_gpx(run: Track, path: Path | str) -> None:
    """Writes a GPX file as Garmin Connect does: heart rate in an extension, no speed."""
    times = _utc(run.clock)
    with atomic_write(Path(path)) as part, open(part, "wb") as stream:
        stream.write(GARMIN_HEAD.format(time=times[0], kind=run.kind, sport=run.sport).encode())
        for time, *place, altitude, heart_rate in zip(
            times, run.latitude, run.longitude, run.altitude, run.heart_rate, strict=True
        ):
            stream.write(_point(place, altitude, f"{time}.000Z", _heart_rate(heart_rate)))
        stream.write(GPX_TAIL.encode())


def _heart_rate(value: float) -> str:
    if not value > 0:
        return ""
    return f"<ns3:TrackPointExtension><ns3:hr>{value:.0f}</ns3:hr></ns3:TrackPointExtension>"


def _point(place: list[float], altitude: float, time: str, extensions: str) -> bytes:
    elevation = f"<ele>{altitude:.1f}</ele>" if np.isfinite(altitude) else ""
    if extensions:
        extensions = f"<extensions>{extensions}</extensions>"
    return (
        f'      <trkpt lat="{place[0]:.7f}" lon="{place[1]:.7f}">{elevation}<time>{time}</time>{extensions}</trkpt>\n'
    ).encode()


def write_apple_health(runs: Iterable[Track], path: Path | str) -> None:
    """Writes a zip of one athlete's workouts as the Health app of an iPhone in central Europe exports it.

    Args:
        runs: workouts of one athlete.
        path: the .zip file.

    Raises:
        ValueError: if the workouts are of several athletes.
    """
    runs = list(runs)
    users = {run.user for run in runs}
    if len(users) > 1:
        raise ValueError(f"an Apple Health export is one athlete's, got the workouts of {len(users)}; write one for each")
    folder = "apple_health_export/"
    with atomic_write(Path(path)) as part, ZipFile(part, "w") as archive:
        with archive.open(_entry(folder + "export.xml"), "w") as xml:
            xml.writelines(line.encode() for line in _apple_xml(runs))
        with archive.open(_entry(folder + "export_cda.xml"), "w") as xml:
            xml.write(b"<ClinicalDocument/>\n")
        for name, run in {_route(run): run for run in runs}.items():
            if np.isfinite(run.latitude).any():
                with archive.open(_entry(folder + name), "w") as gpx:
                    gpx.writelines(_apple_route(run))


def _apple_xml(runs: list[Track]) -> Iterator[str]:
    yield APPLE_HEAD.format(now=_local(runs[-1].clock[-1:])[0] if runs else "")
    for run in runs:
        if run.flaw == "duplicate":
            continue  # the same watch measured once
        watch = WATCH.format(user=run.user)
        _, first = np.unique(run.clock // RECORD_EVERY, return_index=True)
        measured = first[run.heart_rate[first] > 0]
        for time, value in zip(_local(run.clock[measured]), run.heart_rate[measured], strict=True):
            yield APPLE_RECORD.format(watch=watch, time=time, value=int(value))
    for run in runs:
        start, end = _local(run.clock[[0, -1]])
        about = {"watch": WATCH.format(user=run.user), "start": start, "end": end}
        route = APPLE_ROUTE.format(path=_route(run), **about) if np.isfinite(run.latitude).any() else ""
        minutes = (run.clock[-1] - run.clock[0]) / 60
        yield APPLE_WORKOUT.format(activity=run.sport.capitalize(), minutes=minutes, route=route, **about)
    yield "</HealthData>\n"


def _apple_route(run: Track) -> Iterator[bytes]:
    times = _utc(run.clock)
    yield APPLE_ROUTE_HEAD.format(time=times[0]).encode()
    for time, *place, altitude, speed in zip(times, run.latitude, run.longitude, run.altitude, run.speed, strict=True):
        yield _point(place, altitude, f"{time}Z", f"<speed>{speed:.6f}</speed>")
    yield GPX_TAIL.encode()


def _route(run: Track) -> str:
    """Path of a workout's route in the export: as Apple names it, by the local time of its end."""
    day, clock, _ = _local(run.clock[-1:])[0].split()
    hour, minute = int(clock[:2]), clock[3:5]
    return f"workout-routes/route_{day}_{(hour - 1) % 12 + 1}.{minute}{'pm' if hour >= 12 else 'am'}.gpx"


def _entry(name: str) -> ZipInfo:
    """An entry of a zip that has the same bytes whenever it is written, since it has a fixed date."""
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _utc(clock: np.ndarray) -> list[str]:
    return np.datetime_as_string(clock.astype("datetime64[s]")).tolist()


def _local(clock: np.ndarray) -> list[str]:
    """Central European dates as Apple writes them; summer time is from 1:00 UTC of March's last Sunday to October's."""
    times = clock.astype("datetime64[s]")
    january = times.astype("datetime64[Y]").astype("datetime64[M]")
    begin, end = (
        np.busday_offset((january + months).astype("datetime64[D]"), -1, "forward", weekmask="Sun").astype("datetime64[h]") + 1
        for months in (3, 10)
    )
    hours = 1 + ((times >= begin) & (times < end))
    local = np.datetime_as_string((clock + 3600 * hours).astype("datetime64[s]"))
    return [f"{time[:10]} {time[11:]} +0{hour}00" for time, hour in zip(local.tolist(), hours.tolist(), strict=True)]
