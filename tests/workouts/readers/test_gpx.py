import io
import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import gpxpy
import gpxpy.gpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers.gpx import read_tracks
from hrkeras.workouts.readers.xml_points import seconds

REAL = Path(__file__).parents[4] / "shared/data/tracks"
NOON = 1_600_000_000.0  # 2020-09-13T12:26:40Z
POINT = '<trkpt lat="1.5" lon="-2.5"><ele>10</ele><time>2020-09-13T12:26:40Z</time></trkpt>'


def gpx(points=POINT, track="", head="", attributes='version="1.1"'):
    return f"{head}<gpx {attributes}><trk>{track}<trkseg>{points}</trkseg></trk></gpx>"


def tracks(text):
    return read_tracks(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


class Track:
    """The only track of a file, with a name for each column."""

    def __init__(self, recordings):
        (self.recording,) = recordings
        self.name, self.sport = self.recording.name, self.recording.sport
        columns = self.recording.table.T
        self.time, self.latitude, self.longitude, self.altitude, self.speed, self.heart_rate, *_ = columns


def read(text):
    return Track(tracks(text))


class Trickle:
    """A stream that gives at most a few bytes at a time."""

    def __init__(self, data, step):
        self.stream, self.step = io.BytesIO(data), step

    def read(self, size):
        return self.stream.read(min(size, self.step))


def test_reads_apples_form():
    track = read(
        gpx(
            '<trkpt lon="-2.5" lat="1.5"><ele>10</ele><time>2020-09-13T12:26:40Z</time><extensions><speed>2.75</speed>'
            "<course>195</course><hAcc>3.8</hAcc></extensions></trkpt>"
            '<trkpt lon="-2.6" lat="1.6"><time>2020-09-13T12:26:41Z</time></trkpt>',
            track="<name>Route 1</name>",
            attributes='creator="Apple Health Export" version="1.1"',
        )
    )
    assert (track.name, track.sport) == ("Route 1", "")
    np.testing.assert_array_equal(track.time, [NOON, NOON + 1])
    np.testing.assert_array_equal(track.latitude, [1.5, 1.6])
    np.testing.assert_array_equal(track.longitude, [-2.5, -2.6])
    np.testing.assert_array_equal(track.altitude, [10, np.nan])
    np.testing.assert_array_equal(track.speed, [2.75, np.nan])
    np.testing.assert_array_equal(track.heart_rate, [np.nan, np.nan])
    assert track.recording.table.dtype == np.float64


@pytest.mark.parametrize(
    "inside",
    [
        "<extensions><ns3:TrackPointExtension><ns3:hr>150</ns3:hr></ns3:TrackPointExtension></extensions>",
        "<extensions><gpxtpx:TPE><gpxtpx:hr> 150 </gpxtpx:hr></gpxtpx:TPE></extensions>",
        "<extensions><hr>150</hr></extensions>",
        "<extensions><heartrate>150</heartrate></extensions>",
        "<extensions><gpxdata:hr>150.0</gpxdata:hr></extensions>",
        "<extensions><a:HR><![CDATA[150]]></a:HR></extensions>",
        "<extensions><hr>1<!-- no -->50</hr><hr>99</hr></extensions>",
        "<hr>150</hr>",
        "<extensions><bpm>150</bpm></extensions>",
        "<extensions><heartRate>150</heartRate></extensions>",
        "<extensions><x:heart_rate>150</x:heart_rate></extensions>",
        "<extensions><HeartRateBpm> <Value>150</Value> </HeartRateBpm></extensions>",
        "<extensions><hr>0</hr><ns3:hr>--</ns3:hr><heartrate>150</heartrate></extensions>",
    ],
)
def test_heart_rate_under_any_name(inside):
    assert read(gpx(f"<trkpt lat='1' lon='2'>{inside}</trkpt>")).heart_rate.tolist() == [150]


@pytest.mark.parametrize(
    ("inside", "names"),
    [
        ("<extensions><heartbeat>150</heartbeat></extensions>", "heartbeat"),
        ("<extensions><x:hrValue>1</x:hrValue><x:pulseRate>2</x:pulseRate></extensions>", "hrvalue, pulserate"),
        ("<extensions><hr>150 bpm</hr></extensions>", "hr"),
        ("<extensions><heartbeat>1</heartbeat><hr>150</hr></extensions>", ""),
        ("<extensions><hr/><cad>80</cad><share>1</share></extensions>", ""),
    ],
)
def test_what_looks_like_a_heart_rate_but_is_not_read_is_said(inside, names):
    expected = (f"heart rate in a form that is not read: {names}",) if names else ()
    (found,) = tracks(gpx(f"<trkpt lat='1' lon='2'>{inside}</trkpt>"))
    assert found.passed_over == expected


def test_gpx_1_0_speed_stands_in_the_point():
    assert read(gpx('<trkpt lat="1" lon="2"><course>5</course><speed>3.5</speed></trkpt>')).speed.tolist() == [3.5]


def test_segments_are_joined_and_all_else_is_passed_over():
    text = (
        '<gpx creator="c"><metadata><name>no</name><time>2001-01-01T00:00:00Z</time></metadata>'
        '<wpt lat="8" lon="8"><ele>8</ele></wpt><rte><name>no</name><rtept lat="9" lon="9"/></rte>'
        "<trk><link href='x'><type>text/html</type></link><name>first</name><type>Run</type>"
        '<!-- <trkpt lat="7" lon="7"/> --><trkseg><trkpt lat="1" lon="0"/><trkpt lat="2" lon="0"/></trkseg>'
        '<trkseg><trkpt lat="3" lon="0"/></trkseg></trk>'
        '<trk><name>second</name><type>Ride</type><trkseg><trkpt lat="4" lon="0"/></trkseg></trk></gpx>'
    )
    first, second = tracks(text)
    assert first.table[:, 1].tolist() == [1, 2, 3]
    assert (first.name, first.sport) == ("first", "Run")
    assert second.table[:, 1].tolist() == [4]
    assert (second.name, second.sport) == ("second", "Ride")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-09-13T12:26:40Z", NOON),
        ("2020-09-13T12:26:40.250Z", NOON + 0.25),
        ("2020-09-13T12:26:40.900000Z", NOON + 0.9),
        ("2020-09-13T12:26:40", NOON),
        (" 2020-09-13T20:26:40+08:00 ", NOON),
        ("2020-09-13T07:56:40.5-04:30", NOON + 0.5),
        ("1969-12-31T23:59:59Z", -1),
        ("7605-01-01T00:00:00Z", datetime(7605, 1, 1, tzinfo=UTC).timestamp()),
        ("", None),
        ("now", None),
        ("2020-13-45T00:00:00Z", None),
        ("NaN", None),
    ],
)
def test_seconds(text, expected):
    np.testing.assert_equal(seconds(text), np.nan if expected is None else expected)


@given(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_seconds_of_any_time(moment, zone):
    moment = moment.replace(tzinfo=zone)
    assert seconds(moment.isoformat()) == moment.timestamp()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings(encoding):
    text = gpx(track="<type>Läufe</type>", head=f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>')
    track = read(text.encode(encoding))
    assert track.sport == "Läufe"
    assert track.time.tolist() == [NOON]


BLANKS = [b" " * 10, b"\n\n  ", b"\r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n", b"  \xef\xbb\xbf", b" " * 600_000]


@pytest.mark.parametrize("blank", BLANKS, ids=range(len(BLANKS)))
@pytest.mark.parametrize("declared", [True, False])
def test_blanks_before_the_document(blank, declared):
    data = blank + gpx(head='<?xml version="1.0" encoding="UTF-8"?>' if declared else "").encode()
    assert read(data).time.tolist() == [NOON]
    if len(blank) < 100:
        assert Track(read_tracks(Trickle(data, 1))).time.tolist() == [NOON]


def test_utf_16_with_a_byte_order_mark():
    assert read(gpx(track="<type>Läufe</type>").encode("utf-16")).sport == "Läufe"


@pytest.mark.parametrize("step", [1, 2, 7])
def test_values_may_lie_across_two_reads(step):
    points = POINT.replace("1.5", "12.345678") * 3
    track = Track(read_tracks(Trickle(gpx(points, track="<name>ab&amp;cdef</name>").encode(), step)))
    assert track.name == "ab&cdef"
    assert track.latitude.tolist() == [12.345678] * 3
    assert track.time.tolist() == [NOON] * 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "empty file"),
        (b"  \n", "not XML"),
        (b"\x0e\x10hello.FIT", "not XML"),
        (b"lat,lon\n1,2\n", "not XML"),
        ("<kml><trkpt lat='1' lon='2'/></kml>", "XML, but not GPX"),
        ("<gpx/>", "no track points"),
        ("<gpx><rte><rtept lat='1' lon='2'/></rte></gpx>", "a course to follow, not a recording, which is for `hrkeras plan`"),
        (gpx("<!-- nothing -->"), "no track points"),
        (gpx()[:-3], "XML that is cut off"),
        (gpx(POINT + POINT[:30]).partition("</trkseg>")[0], "XML that is cut off"),
        (gpx().replace("</trkseg>", ""), "damaged XML"),
        (gpx(POINT + "\x0b"), "damaged XML"),
        (gpx("&nothing;"), "damaged XML"),
        (gpx() + "<gpx/>", "damaged XML"),
        (gpx(head='<?xml version="1.0" encoding="klingon"?>'), "XML in a text encoding that is not supported"),
        (gpx(head='<?xml version="1.0" encoding="gbk"?>'), "XML in a text encoding that is not supported"),
        (gpx("<a>" * 100), "XML nested over 64 deep"),
        (gpx("".join(f"<a{number}/>" for number in range(20_000))), "XML with over 10,000 names"),
        (gpx(head='<!DOCTYPE gpx [<!ENTITY a "b">]>'), "declares XML entities"),
        (gpx(head='<!DOCTYPE gpx [<!ENTITY % a "b"> %a;]>'), "declares XML entities"),
        (gpx(head='<!DOCTYPE gpx [<!ATTLIST trkpt x CDATA "y">]>'), "declares XML attributes"),
        (gpx("&x;", head='<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "declares XML entities"),
    ],
)
def test_refused_with_a_reason(text, reason):
    with pytest.raises(InvalidWorkoutError, match=f"^{reason}$"):
        read(text)


def test_billion_laughs():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(InvalidWorkoutError, match="declares XML entities"):
        read(gpx("<ele>&l9;</ele>", head=f'<!DOCTYPE gpx [<!ENTITY l0 "lol">{laughs}]>'))


def test_an_external_document_type_is_not_fetched():
    assert len(read(gpx(head='<!DOCTYPE gpx SYSTEM "http://localhost:1/gpx.dtd">')).time) == 1


def test_a_line_of_ten_million_characters():
    long = "9" * 10_000_000
    assert read(gpx(POINT.replace("10</ele>", f"{long}</ele>"))).time.tolist() == [NOON]
    assert len(read(gpx(track=f"<name>{long}</name>")).name) <= 256
    with pytest.raises(InvalidWorkoutError, match="an XML tag of over 4 MB"):
        read(gpx(attributes=f'creator="{long}"'))


def test_limits(monkeypatch):
    monkeypatch.setattr("hrkeras.workouts.readers.xml_points.MAX_POINTS", 3)
    assert len(read(gpx(POINT * 3)).time) == 3
    with pytest.raises(InvalidWorkoutError, match="over 3 points"):
        read(gpx(POINT * 4))
    monkeypatch.setattr("hrkeras.workouts.readers.xml_points.MAX_BYTES", 1 << 20)
    with pytest.raises(InvalidWorkoutError, match="over 1 MB"):
        read(gpx(" " * (1 << 20)))


def test_tags_that_belong_to_no_point_are_limited(monkeypatch):
    monkeypatch.setattr("hrkeras.workouts.readers.xml_points.MAX_TAGS", 1000)
    monkeypatch.setattr("hrkeras.workouts.readers.xml_points.CHUNK", 256)
    many = gpx("<trkpt lat='1' lon='2'>" + "<extensions><a/><b/></extensions>" * 10 + "</trkpt>")
    assert len(read(gpx("<trkpt lat='1' lon='2'><extensions><a/><b/></extensions></trkpt>" * 500)).time) == 500
    assert len(read(many).time) == 1
    for hostile in ("<a/>" * 2000, "<trkpt lat='1' lon='2'>" + "<a></a>" * 1000 + "</trkpt>", "<!---->" * 2000):
        with pytest.raises(InvalidWorkoutError, match="^XML with over 1,000 tags that belong to no point$"):
            read(gpx(hostile))


def test_activities_are_limited(monkeypatch):
    monkeypatch.setattr("hrkeras.workouts.readers.xml_points.MAX_ACTIVITIES", 3)
    track = f"<trk><trkseg>{POINT}</trkseg></trk>"
    assert tracks(f"<gpx>{track * 3}</gpx>")
    with pytest.raises(InvalidWorkoutError, match="^over 3 activities$"):
        tracks(f"<gpx>{track * 4}</gpx>")


def test_what_is_no_number_is_missing():
    track = read(
        gpx(
            '<trkpt lat="north" lon=""><ele>high</ele><time>noon</time><speed/><hr>--</hr></trkpt>'
            '<trkpt><ele>1e999</ele><hr>nan</hr></trkpt><trkpt lat="1e308" lon="-inf"/>'
        )
    )
    np.testing.assert_array_equal(track.time, [np.nan] * 3)
    np.testing.assert_array_equal(track.altitude, [np.nan, np.inf, np.nan])
    np.testing.assert_array_equal(track.heart_rate, [np.nan] * 3)
    np.testing.assert_array_equal(track.latitude, [np.nan, np.nan, 1e308])


def same_as_gpxpy(track, text):
    points = [point for point, *_ in gpxpy.parse(text).walk()]
    np.testing.assert_array_equal(track.latitude, [point.latitude for point in points])
    np.testing.assert_array_equal(track.longitude, [point.longitude for point in points])
    np.testing.assert_array_equal(track.altitude, [np.nan if point.elevation is None else point.elevation for point in points])
    np.testing.assert_allclose(track.time, [point.time.timestamp() for point in points], rtol=0, atol=1e-6)


@given(
    st.lists(
        st.tuples(
            st.floats(-90, 90),
            st.floats(-180, 180),
            st.none() | st.floats(-500, 9000),
            st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["1.0", "1.1"]),
)
def test_reads_what_gpxpy_writes(points, version):
    document = gpxpy.gpx.GPX()
    document.tracks.append(gpxpy.gpx.GPXTrack())
    document.tracks[0].segments.append(gpxpy.gpx.GPXTrackSegment())
    document.tracks[0].segments[0].points = [
        gpxpy.gpx.GPXTrackPoint(latitude, longitude, elevation, time) for latitude, longitude, elevation, time in points
    ]
    text = document.to_xml(version=version)
    same_as_gpxpy(read(text), text)


@given(st.integers(0, 2**32))
def test_damaged_bytes_are_read_or_refused(seed):
    chance = random.Random(seed)
    data = bytearray(gpx(POINT * 5, track="<name>n</name>").encode())
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(data))
        data[start : start + chance.choice([0, 1, 40])] = chance.randbytes(chance.choice([0, 1, 3]))
    try:
        found = tracks(bytes(data))
    except InvalidWorkoutError:
        return
    assert all(len(track.table) for track in found)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real tracks in {REAL}")
@pytest.mark.parametrize("name", ["garmin_connect_2", "keep_1", "nike_run_club_1", "no_heart_rate_1"])
def test_real_files_as_gpxpy_reads_them(name):
    text = (REAL / f"{name}.gpx").read_text()
    same_as_gpxpy(read(text), text)


def apple(*times: str, between: str = "\n") -> bytes:
    points = between.join(
        f'<trkpt lon="5.00{place}" lat="-1.5"><ele>{place}.25</ele><time>{time}</time><extensions><speed>2.{place}</speed>'
        "<course>1.5</course><hAcc>1.0</hAcc><vAcc>2.0</vAcc></extensions></trkpt>"
        for place, time in enumerate(times)
    )
    return f'<gpx creator="Apple Health Export"><trk><name>Route</name><trkseg>{points}</trkseg></trk></gpx>'.encode()


TIMES = [f"2024-02-29T23:59:{second:02}Z" for second in range(9)]


@pytest.mark.parametrize("piece", [1, 7, 100, 300, 1 << 18])
def test_the_short_cut_for_apples_points_gives_what_the_parser_gives(piece):
    class Stream(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, piece))

    (quick,) = read_tracks(Stream(apple(*TIMES)))
    (parsed,) = read_tracks(Stream(b"<!-- so nothing is cut short -->" + apple(*TIMES)))
    np.testing.assert_array_equal(quick.table[np.argsort(quick.table[:, 0])], parsed.table)


@pytest.mark.parametrize("piece", [1, 7, 300, 1 << 18])
def test_the_short_cut_knows_which_track_a_point_is_in(piece):
    text = apple(*TIMES[:4]).replace(b"</gpx>", b"") + apple(*TIMES[:2]).partition(b'Export">')[2].replace(b"02-29", b"03-01")
    first, second = read_tracks(Trickle(text, piece))
    assert (len(first.table), len(second.table)) == (4, 2)
    assert second.table[0, 0] - first.table[:, 0].min() == 86400


def test_points_in_a_comment_do_not_count():
    hidden = apple(*TIMES[:3]).replace(b"<trkseg>", b"<trkseg><!--", 1).replace(b"</trkpt>\n", b"</trkpt>-->\n", 1)
    assert len(read(hidden).time) == 2


def test_a_date_that_does_not_exist_is_no_time():
    found = read(apple(TIMES[0], "2023-02-29T00:00:00Z"))
    assert np.isnan(found.time).tolist() == [False, True]


@pytest.mark.parametrize("rest", [b"\0", b"\n\n\0\0 \n\0", bytes(1 << 19)])
def test_nul_and_blanks_behind_the_end(rest):
    whole = gpx().encode()
    np.testing.assert_array_equal(read(whole + rest).time, read(whole).time)
    for bad in (whole + rest + b"x", whole + b"<!-- ", whole[:-3] + rest):
        with pytest.raises(InvalidWorkoutError, match="damaged XML|cut off"):
            read_tracks(io.BytesIO(bad))
