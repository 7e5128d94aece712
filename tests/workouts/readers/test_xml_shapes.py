"""Points that are read without a parser are what the parser would have read."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers import gpx, tcx, xml_points
from hrkeras.workouts.readers.point_table import HEART_RATE, TIME

TIMES = [
    "2024-05-01T10:00:00Z",
    "2024-05-01T10:00:01.25Z",
    "2024-05-01T10:00:02",
    "2024-05-01T12:00:03+02:00",
    "1850-01-01T00:00:00Z",
    "2024-02-30T10:00:00Z",
    "2024-05-01T24:00:00Z",
    "0000-01-01T00:00:00Z",
    "2024-05-01 10:00:00Z",
    "2024-05-01T10:00:00.1234567Z",
    "",
    " 2024-05-01T10:00:04Z ",
    "then",
]
NUMBERS = [
    "12",
    "-3.25",
    "7.0000000000000000000000001",
    "1e2",
    "",
    " 8",
    "nan",
    "0",
    "<x/>9",
    "&#49;2",
    "<![CDATA[5]]>",
    "1<!-- 2 -->3",
]
RATES = [
    "<hr>{}</hr>",
    "<g:TrackPointExtension><g:hr>{}</g:hr></g:TrackPointExtension>",
    "<HeartRateBpm>\n<Value>{}</Value></HeartRateBpm>",
    "<hr>0</hr><bpm>{}</bpm>",
    "<x><Value>{}</Value></x>",
    "<hr></hr><Value>{}</Value>",
    "<heartRate_x>{}</heartRate_x>",
    "<HR><y/>{}</HR>",
]
ELEVATIONS = ["<ele>{}</ele>", "", "<ele>\n{}</ele>", "<ele>{}</ele><ele>4</ele>", "<ele/>", "<ele a='>'>{}</ele>"]
BETWEEN = [
    "",
    "\n  ",
    "<!-- -->",
    "<!--",
    "-->",
    "<?a b?>",
    "</trkseg><trkseg>",
    "</trkseg></trk><trk><name>b</name><trkseg>",
    "<trkpt/>",
    "\x00",
    "a",
]


@st.composite
def points(draw, usual: tuple[str, ...]) -> str:
    """A point, mostly written as is usual in its file."""
    odd = draw(st.integers(0, 4)) == 0
    time, number, rate, ele, between = (
        draw(st.sampled_from(others)) if odd and draw(st.booleans()) else first
        for first, others in zip(usual, (TIMES, NUMBERS, RATES, ELEVATIONS, BETWEEN), strict=True)
    )
    inner = f"<time>{time}</time>{ele.format(number)}<extensions>{rate.format(number)}</extensions><note>a {number} b</note>"
    return f'<trkpt lat="{draw(st.integers(-90, 90))}.5" lon="{number}">{inner}</trkpt>{between}'


@st.composite
def files(draw) -> bytes:
    """A GPX file, most of whose points are written alike."""
    usual = (*(draw(st.sampled_from(values[:3])) for values in (TIMES, NUMBERS, RATES, ELEVATIONS)), "\n")
    text = "".join(draw(st.lists(points(usual), min_size=1, max_size=30)))
    return f'<?xml version="1.0"?><gpx><trk><name>a</name><trkseg>{text}</trkseg></trk></gpx>'.encode()


def result(read, data: bytes, by_shape: bool, chunk: int):
    """What a reader makes of `data`: recordings in comparable form, or what it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml_points.XmlPoints, "by_shape", by_shape)
        patch.setattr(xml_points, "CHUNK", chunk)
        try:
            return [(*track._replace(table=track.table.tobytes()),) for track in read(io.BytesIO(data))]
        except InvalidWorkoutError as error:
            return str(error)


@settings(max_examples=300, deadline=None)
@given(files(), st.sampled_from([64, 500, 1 << 15]))
def test_the_same_as_by_the_parser(data, chunk):
    assert result(gpx.read_tracks, data, True, chunk) == result(gpx.read_tracks, data, False, 1 << 15)


def garmin(second: int) -> str:
    """A point as Garmin Connect writes it; every seventh without heart rate."""
    heart_rate = f"<ns3:hr>{100 + second % 60}</ns3:hr>" if second % 7 else ""
    return (
        f'<trkpt lat="31.2585{second:04}" lon="-175.4896"><ele>{second % 9}.{second % 10}</ele>\n'
        f"<time>2020-08-20T11:{second // 60:02}:{second % 60:02}.000Z</time>\n<extensions><ns3:TrackPointExtension>"
        f"{heart_rate}<ns3:cad>{second % 3}</ns3:cad></ns3:TrackPointExtension></extensions></trkpt>"
    )


def trackpoint(second: int) -> str:
    """A point of a TCX file."""
    return (
        f"<Trackpoint>\n<Time>2020-08-20T11:{second // 60:02}:{second % 60:02}Z</Time><Position><LatitudeDegrees>1.{second}"
        "</LatitudeDegrees><LongitudeDegrees>2</LongitudeDegrees></Position>"
        f"<HeartRateBpm>\n<Value>{100 + second % 60}</Value></HeartRateBpm></Trackpoint>"
    )


@pytest.mark.parametrize(
    ("read", "head", "point", "tail"),
    [
        (gpx.read_tracks, '<gpx xmlns:ns3="x"><!-- by a watch --><trk><trkseg>', garmin, "</trkseg></trk></gpx>"),
        (
            tcx.read_activities,
            '<TrainingCenterDatabase><Activities><Activity Sport="Running"><Lap><Track>',
            trackpoint,
            "</Track></Lap></Activity></Activities></TrainingCenterDatabase>",
        ),
    ],
    ids=["gpx", "tcx"],
)
def test_few_points_need_the_parser(monkeypatch, read, head, point, tail):
    parsed = []
    start = xml_points.XmlPoints.start
    monkeypatch.setattr(xml_points, "CHUNK", 1 << 12)
    monkeypatch.setattr(xml_points.XmlPoints, "start", lambda self, tag, given: (parsed.append(tag), start(self, tag, given)))
    data = (head + "\n".join(map(point, range(3000))) + tail).encode()
    (track,) = read(io.BytesIO(data))
    assert len(track.table) == 3000
    np.testing.assert_array_equal(np.diff(track.table[:, TIME]), 1)
    np.testing.assert_array_equal(track.table[1:6, HEART_RATE], [101, 102, 103, 104, 105])
    assert sum(tag in ("trkpt", "Trackpoint") for tag in parsed) < 60


HEAD, END = "<gpx><trk><name>a</name><trkseg>", "</trkseg></trk></gpx>"


def alike(point: str, count: int = 20) -> str:
    """Points that differ in a number and in their times."""
    return "\n".join(point.replace("N", f"1{at}").replace("T", f"2024-01-01T10:00:{at:02}Z") for at in range(10, 10 + count))


USUAL = '<trkpt lat="N.5" lon="2"><time>T</time><hr>N</hr></trkpt>'
FILL = "\n" * ((1 << 15) - len(HEAD + alike(USUAL, 2)) - 1)  # so that what follows is cut after its first byte
HELD = {  # files in which something was once read otherwise
    "long names": HEAD + f'<trkpt lat="1" lon="2"><{"a" * 1900}/><{"b" * 1900}/><ele>1e5</ele></trkpt>' + END,
    "comment": HEAD + alike(USUAL, 2) + FILL + f"<!-- {alike(USUAL)} -->" + alike(USUAL) + END,
    "processing instruction": HEAD + alike(USUAL, 2) + FILL + f"<?x {alike(USUAL)} ?>" + alike(USUAL) + END,
    "not in a heart rate": HEAD + alike(USUAL.replace("<hr>N</hr>", "<heartratebpm/><Value>N</Value>")) + END,
    "other letters": HEAD + alike(USUAL.replace("hr>", "hré>")) + END,
    "two prefixes": HEAD + alike(USUAL.replace("hr>", "a:hr:foo>")) + END,
    "attribute of other letters": HEAD + alike(USUAL.replace("lat", "élat")) + END,
    "attribute in an attribute": HEAD + alike('<trkpt x=\'" lat="N\' lon="2"><time>T</time></trkpt>') + END,
    "hidden behind another point": HEAD + f"<é:trkpt lat='1' lon='2'></é:trkpt><![CDATA[{alike(USUAL)}]]>" + alike(USUAL) + END,
    "odd blanks": HEAD + alike(USUAL, 5) + "\x0b" + alike(USUAL, 5) + END,
    "in an attribute": HEAD + alike(USUAL, 5) + '</trkseg><trkseg a="' + alike(USUAL) + '">' + END,
    "in a tag": HEAD + alike(USUAL, 5) + '<trkpt lat="41.1' + alike(USUAL),
    "return characters": HEAD + alike(USUAL, 5) + "\r" + alike(USUAL, 5) + "\r\n" + END,
    "deep": HEAD + alike(USUAL, 5) + "<a>" * 60 + alike(USUAL) + "</a>" * 60 + END,
    "two tracks": HEAD
    + alike(USUAL.replace("hr>", "hrx>"))
    + "</trkseg></trk><trk><trkseg>"
    + alike(USUAL.replace("<hr>N</hr>", ""))
    + END,
    "a name around points": "<gpx><trk><type>cycling" + alike(USUAL) + "</type><trkseg>" + alike(USUAL) + END,
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", HELD)
def test_what_was_once_read_otherwise(name, encoding):
    data = HELD[name].encode(encoding)
    for chunk in (1 << 15, 300):
        assert result(gpx.read_tracks, data, True, chunk) == result(gpx.read_tracks, data, False, 1 << 15)


def test_a_point_behind_the_end_and_a_nul_is_damage():
    data = "<gpx><trk><trkseg>" + "\n".join(map(garmin, range(1, 80))) + "</trkseg></trk></gpx>\0"
    assert result(gpx.read_tracks, data.encode(), True, 1 << 12) == result(gpx.read_tracks, data.encode(), False, 1 << 12)
    with pytest.raises(InvalidWorkoutError, match="damaged XML"):
        gpx.read_tracks(io.BytesIO((data + garmin(90) + "\0").encode()))


@pytest.mark.parametrize("hidden", ["<!-- {} -->", "<?hidden {} ?>", "<note><![CDATA[{}]]></note>"])
def test_what_is_in_a_comment_is_no_point(hidden):
    text = "\n".join(garmin(second) if second != 40 else hidden.format(garmin(second)) for second in range(1, 80))
    (track,) = gpx.read_tracks(io.BytesIO(f"<gpx><trk><trkseg>{text}</trkseg></trk></gpx>".encode()))
    assert len(track.table) == 78
