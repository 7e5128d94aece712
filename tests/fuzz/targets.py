"""What is fuzzed: every place where a file enters that somebody else wrote, with small files of our own to begin from."""

import gzip
import io
import json
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hrkeras.athlete import athlete_file
from hrkeras.athlete.kalman import AthleteState
from hrkeras.workouts import prepare, quality
from hrkeras.workouts.readers import apple_health, endomondo, route, tracks
from hrkeras.workouts.simulation import formats, synthetic, track

sys.path.insert(0, str(Path(__file__).parents[1] / "workouts" / "readers"))
import track_files

POINTS = 12
LIMITS = quality.Limits().override(  # nearly everything goes on to the grid
    [
        "min_heart_rate_share=0",
        "min_points=2",
        "min_gps_share=0",
        "min_duration=0",
        "max_mean_interval=1e9",
        "max_outside_share=1",
    ]
)
ZIP = ".zip"
EXPORTED = "Workouts/2020-01-02.json"


class Target(NamedTuple):
    """Something that reads files.

    Attributes:
        seeds: what is damaged.
        suffix: of the file that is read.
        read: takes the path of a file.
        pack: makes of damaged bytes the file's, where they are only a part of it.
        share: of the number of inputs asked for, for what is slow.
    """

    seeds: list[bytes]
    suffix: str
    read: Callable[[Path], object]
    pack: Callable[[bytes], bytes] = bytes
    share: float = 1.0


def targets(folder: Path) -> dict[str, Callable[[], Target]]:
    """By name what makes each target; its seeds are written into a folder."""
    return {
        "gpx": lambda: Target([_gpx(folder), track_files.WHOLE["gpx"]], ".gpx", _read(tracks)),
        "tcx": lambda: Target([track_files.WHOLE["tcx"]], ".tcx", _read(tracks)),
        "fit": lambda: Target([track_files.WHOLE["fit"]], ".fit", _read(tracks)),
        "fit_messages": lambda: Target([track_files.session() + track_files.run(8)], ".fit", _read(tracks), track_files.fit_file),
        "course_gpx": lambda: Target([_gpx_course()], ".gpx", route.read),
        "course_tcx": lambda: Target([_tcx_course()], ".tcx", route.read),
        "course_fit": lambda: Target([_fit_course()], ".fit", route.read, track_files.fit_file),
        "apple": lambda: Target([_apple(folder)], ZIP, _read(apple_health)),
        "apple_xml": lambda: _apple_part(folder, "export.xml"),
        "apple_route": lambda: _apple_part(folder, ".gpx"),
        "tracks": lambda: Target([_strava(folder)], ZIP, _read(tracks)),
        "tracks_table": lambda: _part(_strava(folder), "activities.csv", ZIP, _read(tracks)),
        "endomondo_export": lambda: Target([_endomondo_workout()], ZIP, _read(tracks), lambda data: _zipped({EXPORTED: data})),
        "endomondo": lambda: Target([_endomondo(folder)], ".json", _read(endomondo)),
        "athlete": lambda: Target([_athlete(folder)], ".json", athlete_file.load),
        "model": lambda: _model(folder, None),
        "model_config": lambda: _model(folder, "config.json"),
        "model_weights": lambda: _model(folder, "model.weights.h5"),
        "checkpoint": lambda: _checkpoint(folder),
    }


def _course() -> list[tuple[float, int]]:
    """Of each point its latitude in degrees and its altitude in m."""
    return [(47 + place / 2500, 400 + place) for place in range(20)]


def _gpx_course() -> bytes:
    points = "".join(f'<rtept lat="{latitude}" lon="8.5"><ele>{altitude}</ele></rtept>' for latitude, altitude in _course())
    return f"<gpx><rte>{points}</rte></gpx>".encode()


def _tcx_course() -> bytes:
    points = "".join(
        f"<Trackpoint><Position><LatitudeDegrees>{latitude}</LatitudeDegrees><LongitudeDegrees>8.5</LongitudeDegrees></Position>"
        f"<AltitudeMeters>{altitude}</AltitudeMeters></Trackpoint>"
        for latitude, altitude in _course()
    )
    return (
        f"<TrainingCenterDatabase><Courses><Course><Track>{points}</Track></Course></Courses></TrainingCenterDatabase>".encode()
    )


def _fit_course() -> bytes:
    rows = []
    for second, (latitude, altitude) in enumerate(_course()):
        clock, _, longitude, *rest = track_files.record(10 * second, altitude=(altitude + 500) * 5)
        rows.append((clock, track_files.semicircles(latitude), longitude, *rest))
    return track_files.session() + track_files.message(20, track_files.RECORD, *rows)


def _read(reader) -> Callable[[Path], object]:
    """Reads all workouts and puts them onto the grid."""

    def read(path: Path) -> None:
        for workout in reader.read(path):
            prepare.examine(workout, LIMITS)

    return read


def _runs() -> list[track.Track]:
    """Two runs of a few points."""
    names = ("clock", "latitude", "longitude", "altitude", "speed", "heart_rate", "truth", "expected")
    runs = synthetic.simulate(1, 2, seed=5, flawed=0, faulty=0)
    return [replace(run, **{name: getattr(run, name)[:POINTS] for name in names}) for run in runs]


def _gpx(folder: Path) -> bytes:
    formats.write_gpx(_runs()[0], folder / "seed.gpx")
    return (folder / "seed.gpx").read_bytes()


def _endomondo(folder: Path) -> bytes:
    formats.write_endomondo(_runs(), folder / "seed.json")
    return (folder / "seed.json").read_bytes()


def _strava(folder: Path) -> bytes:
    """A zip of tracks with their table, and with a zip in it."""
    table = b"Activity ID,Activity Date,Activity Name,Activity Type,Filename\n7,2024-06-16,Lunch,Run,activities/7.gpx\n"
    inner = _zipped({"8.tcx": track_files.WHOLE["tcx"]})
    tracks = {"activities/7.gpx": _gpx(folder), "activities/9.fit.gz": gzip.compress(track_files.WHOLE["fit"])}
    return _zipped({"activities.csv": table, **tracks, "more.zip": inner})


def _endomondo_workout() -> bytes:
    points = [
        [{"location": [[{"latitude": 47 + second / 1e5}, {"longitude": 8.5}]]}, {"altitude": 400}, {"heart_rate_bpm": 150}]
        + [{"timestamp": f"Thu Jan 02 10:00:{second:02} UTC 2020"}]
        for second in range(POINTS)
    ]
    return json.dumps([{"name": "Lunch"}, {"sport": "RUNNING"}, {"points": points}]).encode()


def _apple(folder: Path) -> bytes:
    formats.write_apple_health(_runs(), folder / "seed.zip")
    return (folder / "seed.zip").read_bytes()


def _athlete(folder: Path) -> bytes:
    athlete = AthleteState()
    for run in synthetic.read(athletes=1, runs=2, seed=5, flawed=0):
        found = prepare.examine(run, LIMITS)
        athlete.update(found.start, found.grid)
    athlete_file.save(athlete, folder / "seed.json")
    return (folder / "seed.json").read_bytes()


def _model(folder: Path, part: str | None) -> Target:
    import keras

    from hrkeras import models
    from hrkeras.models import saving

    keras.utils.set_random_seed(0)
    models.gru(units=2, num_layers=1).save(folder / "seed.keras")
    whole = (folder / "seed.keras").read_bytes()
    if part is None:
        return Target([whole], ".keras", saving.load)
    return _part(whole, part, ".keras", saving.load, share=0.25 if part == "config.json" else 1.0)  # some of which are built


def _checkpoint(folder: Path) -> Target:
    import torch

    from hrkeras.models import lag_llama_checkpoint

    weights = {"model.transformer.wte.weight": torch.ones(16, 16), "model.transformer.wte.bias": torch.ones(16)}
    told = {"context_length": 32, "model_kwargs": {"n_head": 1, "lags_seq": list(range(8))}}
    torch.save({"state_dict": weights, "hyper_parameters": told}, folder / "seed.ckpt")
    return _part((folder / "seed.ckpt").read_bytes(), "data.pkl", ".ckpt", lag_llama_checkpoint.read)


def _apple_part(folder: Path, ending: str) -> Target:
    return _part(_apple(folder), ending, ZIP, _read(apple_health))


def _part(whole: bytes, ending: str, suffix: str, read: Callable[[Path], object], **more) -> Target:
    """One file of a zip is damaged, and the zip around it whole."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    name = next(each for each in content if each.endswith(ending))
    return Target([content[name]], suffix, read, partial(_with, content, name), **more)


def _with(content: dict[str, bytes], name: str, data: bytes) -> bytes:
    return _zipped(content | {name: data})


def _zipped(content: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return stream.getvalue()
