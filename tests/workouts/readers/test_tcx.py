import gzip
import io

import numpy as np
import pytest
from track_files import NOON, SECRET, activity, gpx_file, lap, read_file, tcx_file, trackpoint

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts.readers import tcx
from hrkeras.workouts.readers.point_table import HEART_RATE


def test_tcx(tmp_path):
    inside = (
        f"<Position><LatitudeDegrees>{SECRET}</LatitudeDegrees><LongitudeDegrees>2</LongitudeDegrees></Position>"
        "<AltitudeMeters>30</AltitudeMeters><DistanceMeters>5</DistanceMeters><HeartRateBpm><Value>140</Value>"
        "</HeartRateBpm><Extensions><ns3:TPX><ns3:Speed>2.5</ns3:Speed></ns3:TPX></Extensions>"
    )
    laps = lap(trackpoint(0, inside), trackpoint(2, inside)), lap(trackpoint(3, inside))
    (workout,) = read_file(tmp_path, "a.tcx", tcx_file(activity("Running", *laps)))
    assert workout.sport == "running"
    assert workout.start == NOON - 40
    assert workout.time.tolist() == [0, 2, 3]
    assert workout.speed.tolist() == [2.5] * 3
    assert workout.altitude.tolist() == [30] * 3
    assert workout.heart_rate.tolist() == [140] * 3
    assert workout.gps_fraction == 1


def test_tcx_with_blanks_before_the_declaration(tmp_path):
    data = tcx_file(activity("Running", lap(trackpoint(0), trackpoint(2)))).replace("\ufeff".encode(), b"")
    data = b" " * 10 + b'<?xml version="1.0" encoding="UTF-8"?>\n' + data
    for name, content in (("a.tcx", data), ("a.tcx.gz", gzip.compress(data))):
        (workout,) = read_file(tmp_path, name, content)
        assert workout.time.tolist() == [0, 2]


@pytest.mark.parametrize(
    "inside",
    [
        "<HeartRateBpm xsi:type='HeartRateInBeatsPerMinute_t'><Value>140</Value></HeartRateBpm>",
        "<ns2:HeartRateBpm><ns2:Value>140</ns2:Value></ns2:HeartRateBpm>",
        "<HeartRateBpm>140</HeartRateBpm>",
        "<Extensions><ns3:TPX><ns3:HeartRate>140</ns3:HeartRate></ns3:TPX></Extensions>",
        "<HeartRateBpm><Value>0</Value></HeartRateBpm><Extensions><LX><hr>140</hr></LX></Extensions>",
    ],
)
def test_tcx_heart_rate_in_any_form(inside):
    (found,) = tcx.read_activities(io.BytesIO(tcx_file(activity("Running", lap(trackpoint(0, inside))))))
    assert found.table[:, HEART_RATE].tolist() == [140]
    (other,) = tcx.read_activities(
        io.BytesIO(tcx_file(activity("Running", lap(trackpoint(0, "<Power><Value>250</Value></Power>")))))
    )
    assert np.isnan(other.table[:, HEART_RATE]).all()


def test_tcx_points_at_one_time_are_merged(tmp_path):
    place = "<Position><LatitudeDegrees>{0}</LatitudeDegrees><LongitudeDegrees>2</LongitudeDegrees></Position>"
    rate = "<HeartRateBpm><Value>{0}</Value></HeartRateBpm>"
    points = [
        part
        for second in range(5)
        for part in (trackpoint(second, place.format(1 + second / 4e4)), trackpoint(second, rate.format(120 + second)))
    ]
    (workout,) = read_file(tmp_path, "a.tcx", tcx_file(activity("Running", lap(*points))))
    assert workout.time.tolist() == [0, 1, 2, 3, 4]
    assert workout.heart_rate.tolist() == [120, 121, 122, 123, 124]
    np.testing.assert_allclose(workout.speed, 2.78, atol=0.01)


def test_tcx_activities_are_limited(monkeypatch):
    monkeypatch.setattr("hrkeras.workouts.readers.xml_points.MAX_ACTIVITIES", 3)
    one = activity("Running", lap(trackpoint(0)))
    assert len(tcx.read_activities(io.BytesIO(tcx_file(*[one] * 3)))) == 3
    with pytest.raises(InvalidWorkoutError, match="^over 3 activities$"):
        tcx.read_activities(io.BytesIO(tcx_file(*[one] * 4)))


def test_tcx_speed_from_distance_where_there_is_no_other(tmp_path):
    points = [
        trackpoint(second, f"<DistanceMeters>{metres}</DistanceMeters>" if metres is not None else "")
        for second, metres in [(0, 0), (2, 5), (3, None), (4, 11), (4, 12), (5, 14)]
    ]
    (workout,) = read_file(tmp_path, "a.tcx", tcx_file(activity("Running", lap(*points))))
    np.testing.assert_array_equal(workout.speed, [2.5, 2.5, np.nan, 3, 3])  # the first of two distances at one time
    assert workout.gps_fraction == 0


def test_tcx_activities_are_workouts_and_courses_are_not(tmp_path):
    course = f"<Courses><Course>{lap(trackpoint(50), trackpoint(51))}</Course></Courses>"
    first, second = (
        activity("Biking", lap(trackpoint(0), trackpoint(1))),
        activity("Running", lap(trackpoint(8), trackpoint(9))),
    )
    ride, run_ = read_file(tmp_path, "a.tcx", tcx_file(course, first, course, second, course))
    assert (ride.sport, len(ride), run_.sport, len(run_)) == ("cycling", 2, "running", 2)
    with pytest.raises(InputError, match="found: a course to follow, not a recording, which is for `hrkeras plan`.$"):
        read_file(tmp_path, "b.tcx", tcx_file(course))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (gpx_file(), "XML, but not TCX"),
        (tcx_file(), "no track points"),
        (tcx_file(activity("Running", lap()))[:-9], "XML that is cut off"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><TrainingCenterDatabase/>", "declares XML entities"),
    ],
)
def test_tcx_refused_with_a_reason(data, reason):
    with pytest.raises(InvalidWorkoutError, match=f"^{reason}$"):
        tcx.read_activities(io.BytesIO(data))
