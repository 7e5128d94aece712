"""Makes the invented data that the dataset builders are tested on: simulated runs, thinned to be small.

Run `python tests/make_dummy_data.py` after the simulation or the writers have changed.
"""

from dataclasses import replace
from pathlib import Path

from hrkeras.workouts.simulation import formats, synthetic
from hrkeras.workouts.simulation.track import Track

DATASETS = Path(__file__).resolve().parents[1] / "hrkeras" / "datasets"
ARRAYS = ("clock", "latitude", "longitude", "altitude", "speed", "heart_rate", "truth", "expected")
RUNS = 6


def history_dropout(track: Track, every: int) -> Track:
    return replace(track, **{name: getattr(track, name)[::every] for name in ARRAYS})


def main() -> None:
    tracks = [history_dropout(track, 10) for track in synthetic.simulate(athletes=3, runs=RUNS, seed=1, flawed=0, faulty=0)]
    mine = [track for track in tracks if track.user == tracks[0].user]
    for name in ("endomondo", "apple_watch", "tracks"):
        (DATASETS / name / "dummy_data").mkdir(parents=True, exist_ok=True)
    formats.write_endomondo(tracks, DATASETS / "endomondo" / "dummy_data" / "endomondoHR.json.gz")
    formats.write_apple_health(mine, DATASETS / "apple_watch" / "dummy_data" / "export.zip")
    formats.write_gpx_folder(mine, DATASETS / "tracks" / "dummy_data" / "tracks")


if __name__ == "__main__":
    main()
