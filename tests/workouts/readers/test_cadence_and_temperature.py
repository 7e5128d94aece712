import numpy as np
import pytest
from track_files import RECORD, RUNNING, UINT8, activity, fit_file, lap, message, read_file, record, session, tcx_file, trackpoint

from hrkeras.workouts.grid import at_steps
from hrkeras.workouts.readers import tracks
from hrkeras.workouts.readers.content import Content, pack, unpack
from hrkeras.workouts.workout import Workout, from_points

CYCLING = 2
NS3 = '<Extensions><ns3:TPX xmlns:ns3="x">{}</ns3:TPX></Extensions>'


def points(values):
    return "".join(
        f'<trkpt lat="1" lon="{second / 1e4}"><time>2020-09-13T12:26:{second:02d}Z</time><extensions>'
        f"<gpxtpx:TrackPointExtension xmlns:gpxtpx='x'>{inside}</gpxtpx:TrackPointExtension></extensions></trkpt>"
        for second, inside in enumerate(values)
    )


def gpx(*values, sport="running"):
    return f"<gpx><trk><type>{sport}</type><trkseg>{points(values)}</trkseg></trk></gpx>".encode()


def fit(*values, sport=RUNNING):
    rows = [(*record(second), cadence, temperature) for second, (cadence, temperature) in enumerate(values)]
    return fit_file(session(sport), message(20, RECORD | {4: UINT8, 13: (0x01, "b")}, *rows))


def test_fit(tmp_path):
    (run,) = read_file(tmp_path, "a.fit", fit((85, 21), (0, -3), (0xFF, 127), (86, 20)))
    np.testing.assert_array_equal(run.cadence, [170, 0, np.nan, 172])
    np.testing.assert_array_equal(run.temperature, [21, -3, np.nan, 20])


def test_gpx(tmp_path):
    inside = "<gpxtpx:atemp>12.5</gpxtpx:atemp><gpxtpx:hr>150</gpxtpx:hr><gpxtpx:cad>85</gpxtpx:cad>"
    (run,) = read_file(tmp_path, "a.gpx", gpx(inside, "", "<gpxtpx:cad>90</gpxtpx:cad>"))
    np.testing.assert_array_equal(run.cadence, [170, np.nan, 180])
    np.testing.assert_array_equal(run.temperature, [12.5, np.nan, np.nan])
    assert run.heart_rate[0] == 150


@pytest.mark.parametrize("inside", [NS3.format("<ns3:RunCadence>80</ns3:RunCadence>"), "<Cadence>80</Cadence>"])
def test_tcx(tmp_path, inside):
    distances = [trackpoint(second, f"<DistanceMeters>{3 * second}</DistanceMeters>{inside}") for second in range(3)]
    (run,) = read_file(tmp_path, "a.tcx", tcx_file(activity("Running", lap(*distances))))
    np.testing.assert_array_equal(run.cadence, [160] * 3)


def test_steps_of_both_feet_stay(tmp_path):
    (run,) = read_file(tmp_path, "a.gpx", gpx(*["<cad>168</cad>"] * 3))
    np.testing.assert_array_equal(run.cadence, [168] * 3)


def test_pauses_and_walking_do_not_hide_that_it_is_one_foot(tmp_path):
    (run,) = read_file(tmp_path, "a.gpx", gpx(*["<cad>0</cad>"] * 6, *["<cad>55</cad>"] * 6, *["<cad>84</cad>"] * 3))
    np.testing.assert_array_equal(run.cadence, [0] * 6 + [110] * 6 + [168] * 3)


def test_pedals_are_no_steps(tmp_path):
    (ride,) = read_file(tmp_path, "a.fit", fit((90, 21), (90, 21), sport=CYCLING))
    assert ride.sport == "cycling"
    assert np.isnan(ride.cadence).all()
    np.testing.assert_array_equal(ride.temperature, [21, 21])


def test_they_are_kept_with_the_rest(tmp_path):
    (run,) = read_file(tmp_path, "a.fit", fit((85, 21), (0xFF, 127), (86, 20)))
    (again,) = unpack(pack(Content([run], {}), ""), "", "").items
    np.testing.assert_array_equal(again.cadence, run.cadence)
    np.testing.assert_array_equal(again.temperature, run.temperature)


def test_without_them_they_are_not_measured():
    run = Workout(time=[0, 1], speed=[3, 3])
    assert np.isnan([run.cadence, run.temperature]).all()
    with pytest.raises(ValueError, match="cadence and temperature too"):
        Workout(time=[0, 1], speed=[3, 3], cadence=[170])


def test_they_go_with_their_points():
    run = from_points([3, 1, 2], speed=[3, 3, 3], cadence=[173, 171, 172], temperature=[23, 21, 22])
    assert run.cadence.tolist() == [171, 172, 173]
    assert run.temperature.tolist() == [21, 22, 23]


def test_on_the_grid():
    time = np.array([0.0, 5, 12, 30, 45])
    values = at_steps(time, np.array([160.0, 170, np.nan, 172, 176]), 4)
    np.testing.assert_allclose(values, [165, 170.8, 171.6, 173.33], atol=0.01)
    assert np.isnan(at_steps(time, np.full(5, np.nan), 4)).all()


def test_real_files(real_data):
    for name, low, high in (("garmin_connect_b_1.gpx", 168, 176), ("coros_fit_1.fit", 176, 184), ("suunto_fit_3.fit", 155, 170)):
        (run,) = tracks.read(real_data / "tracks" / name)
        assert low < np.nanmedian(run.cadence) < high, name
    assert 27 <= np.nanmedian(run.temperature) <= 29
