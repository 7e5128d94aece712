import gzip

import numpy as np
import pytest
from track_files import RECORD as FIELDS
from track_files import SECRET, TIME, fit_file, message, record, session, tcx_file

from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.positions import EARTH_RADIUS
from hrkeras.workouts.readers import route

METRE = np.degrees(1 / EARTH_RADIUS)  # of latitude


def points(name, metres, altitude=None):
    """Points straight north, at metres from the first."""
    inside = [""] * len(metres) if altitude is None else [f"<ele>{each}</ele>" for each in altitude]
    return "".join(
        f'<{name} lat="{SECRET + at * METRE}" lon="5">{each}</{name}>' for at, each in zip(metres, inside, strict=True)
    )


def track(*given):
    return f"<trk><trkseg>{points('trkpt', *given)}</trkseg></trk>"


def planned(*given):
    return f"<rte>{points('rtept', *given)}</rte>"


def read(folder, inside, name="a.gpx"):
    data = inside if isinstance(inside, bytes) else f"<gpx>{inside}</gpx>".encode()
    path = folder / name
    path.write_bytes(data)
    return route.read(path)


@pytest.mark.parametrize("kind", [track, planned])
def test_a_course_without_times(tmp_path, kind):
    found = read(tmp_path, kind([0, 100, 250, 1000], [10, 20, 35, 110]))
    assert found.length == pytest.approx(1000, abs=0.1)
    assert (found.has_altitude, found.warnings) == (True, [])
    assert found.piece == pytest.approx(20, abs=0.01)
    np.testing.assert_allclose(found.altitude, 10 + 0.1 * (found.edges[:-1] + 10), atol=0.01)
    np.testing.assert_allclose(found.grade[4:-4], 0.1, atol=1e-3)
    np.testing.assert_allclose(found.grade, 0.1, atol=0.015)  # less to look at towards the ends
    assert found.climbs.sum() == pytest.approx(100, abs=1.5)


def test_a_track_is_taken_before_a_route_and_its_parts_are_joined(tmp_path):
    found = read(tmp_path, planned([0, 5000]) + track([0, 200]) + track([200, 700]))
    assert found.length == pytest.approx(700, abs=0.1)
    assert read(tmp_path, planned([0, 500]) + track([0])).length == pytest.approx(500, abs=0.1)


def test_apples_own_form_packed(tmp_path):
    row = '<trkpt lon="5" lat="{:.9f}"><ele>3</ele><time>2020-09-13T12:26:40Z</time><extensions><speed>2</speed></extensions>'
    row += "</trkpt>"
    text = "<gpx><trk><trkseg>" + "".join(row.format(1 + at * METRE) for at in range(0, 301, 10)) + "</trkseg></trk></gpx>"
    (tmp_path / "a.gpx.gz").write_bytes(gzip.compress(text.encode()))
    assert route.read(tmp_path / "a.gpx.gz").length == pytest.approx(300, abs=0.1)


def test_tcx_course_before_what_was_recorded(tmp_path):
    def laps(last):
        inside = "".join(
            f"<Trackpoint><Time>{TIME.format(0)}</Time><Position><LatitudeDegrees>{1 + at * METRE}</LatitudeDegrees>"
            f"<LongitudeDegrees>2</LongitudeDegrees></Position><AltitudeMeters>{at / 10}</AltitudeMeters></Trackpoint>"
            for at in (0, last)
        )
        return f"<Track>{inside}</Track>"

    recorded = f"<Activity Sport='Running'><Lap>{laps(800)}</Lap></Activity>"
    course = f"<Courses><Course><Name>n</Name>{laps(400)}</Course></Courses>"
    both = read(tmp_path, tcx_file(recorded, course), "a.tcx")
    assert both.length == pytest.approx(400, abs=0.1)
    assert both.climbs.sum() == pytest.approx(40, abs=1)
    assert read(tmp_path, tcx_file(recorded), "b.tcx").length == pytest.approx(800, abs=0.1)


def test_a_recorded_fit_file_stands_still(tmp_path):
    rows = message(20, FIELDS, *(record(second) for second in range(5)))
    with pytest.raises(InputError, match=r"a course of 0\.00 km, where one of 0\.2 to 300 km"):
        read(tmp_path, fit_file(session(), rows), "a.fit")


def test_noise_in_altitude_is_no_climb(tmp_path):
    """Points every 3 m whose altitude is off by a metre: taken as they come they would climb over 500 m in 3 km."""
    noise = np.random.default_rng(0).normal(0, 1, 1001)
    assert np.maximum(np.diff(noise), 0).sum() > 500
    found = read(tmp_path, track(3 * np.arange(1001), 50 + noise))
    assert found.climbs.sum() < 15
    hill = read(tmp_path, track(3 * np.arange(1001), 50 + noise + 40 * np.sin(np.arange(1001) / 1000 * np.pi)))
    assert hill.climbs.sum() == pytest.approx(40, abs=10)


@pytest.mark.parametrize("altitude", [None, [0, 0, 0], [12, 12, 12], ["x", "", 9999]])
def test_without_altitude_it_is_flat(tmp_path, altitude):
    found = read(tmp_path, track([0, 200, 400], altitude))
    assert not found.has_altitude
    assert not found.altitude.any()
    assert found.climbs.sum() == 0


def test_a_gap_in_altitude_is_bridged(tmp_path):
    found = read(tmp_path, track([0, 100, 200, 300, 400], [0, "", -9999, "", 40]))
    np.testing.assert_allclose(found.altitude, (found.edges[:-1] + found.piece / 2) / 10, atol=0.01)


def test_a_loop_ends_where_it_began(tmp_path):
    there = np.concatenate([np.arange(0, 1000, 50), np.arange(1000, -1, -50)])
    found = read(tmp_path, track(there, there / 20))
    assert found.length == pytest.approx(2000, abs=0.1)
    assert found.climbs.sum() == pytest.approx(50, abs=5)


def test_a_position_far_from_all_others_is_passed_over(tmp_path):
    metres = np.arange(0.0, 2000, 10)
    metres[50] = 80_000
    found = read(tmp_path, track(metres))
    assert found.length == pytest.approx(1990, abs=0.1)
    assert found.warnings == ["1 position lies far from all others in the file and was passed over."]
    nowhere = track(np.arange(0.0, 500, 10)).replace(f'lat="{SECRET + 100 * METRE}" lon="5"', 'lat="0" lon="0"')
    assert read(tmp_path, nowhere).length == pytest.approx(490, abs=0.1)


def test_a_jump_and_a_wall_are_said(tmp_path):
    (jump,) = read(tmp_path, track([0, 10, 20, 9000, 9010])).warnings
    assert "up to 9.0 km, in all 9.0 km are straight lines" in jump
    metres = np.arange(0, 2000, 10)
    (wall,) = read(tmp_path, track(metres, np.where(metres < 1000, 0, 100))).warnings
    assert "115 % of the distance at km 1.0" in wall


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("", "no track and no route of two points or more"),
        (track([0]), "no track and no route of two points or more"),
        (track([0, 50]), "a course of 0.05 km"),
        (track([0, 1_000_000]), r"a course of 1,000.00 km, where one of 0.2 to 300 km can be run in one go"),
        (track([0, 900]).replace("lat", "lot"), "fewer than two positions"),
        (track([0, 900]) + "<a", "XML that is cut off|damaged XML"),
    ],
)
def test_refused_with_a_reason_and_no_position(tmp_path, inside, reason):
    with pytest.raises(InputError, match=reason) as found:
        read(tmp_path, inside)
    assert str(SECRET)[:6] not in str(found.value)


def test_hostile_files(tmp_path):
    with pytest.raises(InputError, match="declares XML entities"):
        read(tmp_path, b'<!DOCTYPE gpx [<!ENTITY a "b">]><gpx><rte><rtept lat="1" lon="1"/></rte></gpx>')
    with pytest.raises(InputError, match="expected the course as a .gpx"):
        read(tmp_path, b"", "a.txt")
    with pytest.raises(InputError, match="found nothing there"):
        route.read(tmp_path / "b.txt")
    with pytest.raises(InputError, match="found a folder"):
        route.read(tmp_path)


def test_altitudes_between_the_positions_count():
    """Of some devices, the records of a second have either a position or an altitude."""
    north = 45 + np.repeat(np.arange(200), 2) * 1e-4
    altitude = np.repeat(np.linspace(0, 40, 200), 2)
    is_place = np.arange(400) % 2 == 0
    where = np.where(is_place, north, np.nan), np.where(is_place, 7.0, np.nan)
    found, whole = (route.from_positions(*where, np.where(is_place == known, altitude, np.nan)) for known in (False, True))
    assert found.has_altitude
    np.testing.assert_allclose(found.altitude, whole.altitude, atol=0.2)
    joint = is_place & np.isin(np.arange(400), (0, 398))  # the first and the last record have both
    some = route.from_positions(*where, np.where(~is_place | joint, altitude, np.nan))
    np.testing.assert_allclose(some.altitude, whole.altitude, atol=0.2)


def test_a_recorded_course_is_doubted_where_it_is_steeper_than_is_run():
    speed = np.full(120, 3.0, np.float32)
    altitude = np.zeros(120, np.float32)
    assert route.steep(route.of_grid(Grid(speed, altitude, speed))) == []
    altitude[60:66] = 80
    (said,) = route.steep(route.of_grid(Grid(speed, altitude, speed)))
    assert "of the distance at km 1." in said
    assert route.of_grid(Grid(speed[:5], altitude[:5], speed[:5])) is None
