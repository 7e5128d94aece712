"""What is simulated and written as a source's file comes back through its reader."""

import numpy as np
import pytest

from hrkeras.workouts.readers import apple_health, endomondo, tracks
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation.formats import (
    ENDOMONDO_POINTS,
    SPEED_EVERY,
    write_apple_health,
    write_endomondo,
    write_gpx_folder,
)
from hrkeras.workouts.simulation.synthetic import simulate


@pytest.fixture(scope="module")
def runs():
    return list(simulate(2, 25, seed=4, flawed=0.3))


def same_points(workout, run, kept=slice(None)):
    np.testing.assert_array_equal(workout.start + workout.time, run.clock[kept])
    np.testing.assert_allclose(workout.altitude, run.altitude[kept], atol=0.051)


def same_heart_rate(workout, run, kept=slice(None)):
    heart_rate = run.heart_rate[kept]
    np.testing.assert_array_equal(workout.heart_rate, np.where(heart_rate > 0, heart_rate, np.nan))


def same_positions(workout, run):
    """Speed from positions has their noise: it is right on average over some 30 s, and in the whole."""
    if run.flaw == "absurd values":
        return
    true, found = (
        np.diff(np.interp(np.arange(0, workout.time[-1], 30), workout.time[1:], distance))
        for distance in (
            np.cumsum(np.diff(run.clock) * run.speed[1:]),
            np.cumsum(np.diff(workout.time) * workout.speed[1:]),
        )
    )
    assert np.abs(found - true).mean() / 30 < 0.2
    assert found.sum() == pytest.approx(true.sum(), rel=0.06)


def test_endomondo(runs, tmp_path):
    log = ReadLog()
    write_endomondo(runs, tmp_path / "endomondo.json.gz")
    found = list(endomondo.read(tmp_path / "endomondo.json.gz", log=log))
    assert not log.skipped
    for workout, run in zip(found, runs, strict=True):
        kept = np.linspace(0, len(run.clock) - 1, min(len(run.clock), ENDOMONDO_POINTS)).round().astype(int)
        assert (workout.sport, workout.user) == (run.sport, run.user)
        same_points(workout, run, kept)
        same_heart_rate(workout, run, kept)
        if run.flaw == "no GPS":
            assert workout.gps_fraction == 0
        elif run.identity % SPEED_EVERY == 0:
            moving = run.speed[kept] > 0
            np.testing.assert_allclose(workout.speed[moving], run.speed[kept][moving], atol=1e-4)


def test_gpx(runs, tmp_path):
    log = ReadLog()
    for user in ("1001", "1002"):
        write_gpx_folder((run for run in runs if run.user == user), tmp_path / user)
    found = {(workout.user, workout.where): workout for workout in tracks.read(tmp_path, log=log)}
    assert not log.skipped
    outdoors = [run for run in runs if run.flaw != "no GPS"]
    assert len(found) == len(outdoors)
    for workout, run in zip(found.values(), outdoors, strict=True):
        assert (workout.sport, workout.user) == (run.sport, run.user)
        same_points(workout, run)
        same_heart_rate(workout, run)
        same_positions(workout, run)


@pytest.mark.parametrize("user", ["1001", "1002"])
def test_apple_health(runs, tmp_path, user):
    log = ReadLog()
    mine = [run for run in runs if run.user == user]
    write_apple_health(mine, tmp_path / "export.zip")
    found = list(apple_health.read(tmp_path / "export.zip", log=log))
    assert not log.skipped
    for workout, run in zip(found, mine, strict=True):
        if run.flaw in ("no GPS", "other sport"):
            assert workout.sport == ("indoor running" if run.flaw == "no GPS" else "cycling")
            assert workout.gps_fraction == 0
            assert run.clock[0] <= workout.start <= run.clock[0] + 240
            continue
        assert workout.sport == "running"
        same_points(workout, run)
        moving = run.speed > 1e-6
        np.testing.assert_allclose(workout.speed[moving], run.speed[moving], atol=1e-6)
        if run.flaw == "no heart rate":
            assert not np.isfinite(workout.heart_rate).any()
        elif not run.flaw and not run.faults:
            assert np.nanmean(np.abs(workout.heart_rate - run.heart_rate)) < 0.5
            assert np.isfinite(workout.heart_rate).mean() > 0.98
