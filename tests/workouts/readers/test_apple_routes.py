import numpy as np
import pytest
from apple_files import ROUTE, START, health, read, records, reference, route, workout, zipped

from hrkeras.workouts.readers import apple_routes, gpx


@pytest.fixture
def parsed(monkeypatch):
    """How often a route was parsed."""
    count = []
    parse = gpx.read_tracks
    monkeypatch.setattr(gpx, "read_tracks", lambda stream: count.append(1) or parse(stream))
    return count


def test_a_route_that_many_workouts_name_is_parsed_once(tmp_path, parsed):
    parts = [workout(start=START + 5 * each, length=4) for each in range(20)]
    workouts, log = read(zipped(tmp_path, health(records(), *parts)))
    assert len(workouts) == 20
    assert not log.skipped
    assert len(parsed) == 1


def test_an_unusable_route_is_parsed_once(tmp_path, parsed):
    _, log = read(zipped(tmp_path, health(records(), *[workout()] * 9), {ROUTE: b"<gpx>"}))
    assert log.skipped == {"route file unusable: XML that is cut off": 9}
    assert len(parsed) == 1


def test_kept_points_are_bounded(tmp_path, parsed, monkeypatch):
    monkeypatch.setattr(apple_routes, "MAX_KEPT", 101)
    files = {f"/workout-routes/{each}.gpx": route(START + 200 * each) for each in range(3)}
    runs = [workout(reference(name), start=START + 200 * each) for each, name in enumerate(files)]
    workouts, log = read(zipped(tmp_path, health(records(), *runs, *runs), files))
    assert [run.start - START for run in workouts] == [0, 200, 400, 0]
    assert log.skipped == {"route file unusable: shared by too many workouts": 2}
    assert len(parsed) == 3


def test_whatever_a_parser_raises_is_counted(tmp_path, monkeypatch):
    def raising(stream):
        raise KeyError("x")

    monkeypatch.setattr(gpx, "read_tracks", raising)
    _, log = read(zipped(tmp_path, health(records(), workout())))
    assert log.skipped == {"route file unusable: damaged (KeyError)": 1}


def test_points_are_sorted_by_time(tmp_path):
    lines = route().split(b"\n")
    mixed = b"\n".join([*lines[50:-1], *lines[1:50], lines[-1]]).replace(b"<trkpt", b"<gpx><trk><trkseg><trkpt", 1)
    (run,), _ = read(zipped(tmp_path, health(records(), workout()), {ROUTE: mixed}))
    np.testing.assert_array_equal(run.time[:2], [0, 1])
    assert len(run) >= 99
