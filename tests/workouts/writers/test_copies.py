"""Copies of GPX, TCX and FIT files with heart rates in them: all else stays, and their readers find what was put in."""

import gzip
import io
import re
import struct
from codecs import BOM_UTF8
from xml.etree import ElementTree

import fitdecode
import gpxpy
import numpy as np
import pytest
from track_files import (
    NOON,
    RECORD,
    UINT8,
    UINT32,
    activity,
    fit_file,
    gpx_file,
    lap,
    message,
    record,
    run,
    session,
    tcx_file,
    trackpoint,
)

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers import activities, tracks
from hrkeras.workouts.readers.fit_messages import FIT_EPOCH
from hrkeras.workouts.readers.point_table import HEART_RATE
from hrkeras.workouts.readers.source import ReadLog, open_plain
from hrkeras.workouts.readers.track_files import kind
from hrkeras.workouts.writers import copies, copy_fit, copy_xml

SAID = copies.ESTIMATED.words

GARMIN = "http://www.garmin.com/xmlschemas/TrackPointExtension/v1"
GPX = "http://www.topografix.com/GPX/1/1"


def rate(clock):
    """A heart rate that tells the second."""
    return 100 + int(clock - NOON) if clock == clock else 0


def copied(kind, data, anew=False, at=rate):
    """What `fill` makes of bytes, and how many points were filled."""
    if not anew:
        at = copies.where_unmeasured(kind, io.BytesIO(data), at)
    if kind == "fit":
        return copy_fit.filled(data, at)
    changes, count = copy_xml.edits(kind, io.BytesIO(data), at, SAID)
    out = io.BytesIO()
    copy_xml.copy(io.BytesIO(data), changes, out.write)
    return out.getvalue(), count


def read(kind, data):
    return tracks.READERS[kind](io.BytesIO(data))


def without_changes(data):
    """A copy without what was put in."""
    data = re.sub(rb"<gpxtpx:TrackPointExtension><gpxtpx:hr>\d+</gpxtpx:hr></gpxtpx:TrackPointExtension>", b"", data)
    return re.sub(rb"<(ns3:)?(hr|desc|Notes|HeartRateBpm)>[^/]*(</Value>)?</\1?\2>|<extensions></extensions>", b"", data)


def point(inside, second=0):
    return f'<trkpt lat="1" lon="{second / 1e4}"><time>2020-09-13T12:26:{40 + second}Z</time>{inside}</trkpt>'


def gpx(*points, head=f'xmlns="{GPX}" xmlns:ns3="{GARMIN}"', inside="<name>n</name><type>running</type>"):
    track = f"<trk>{inside}<trkseg>{''.join(points)}</trkseg></trk>"
    return f'<?xml version="1.0"?>\n<gpx version="1.1" {head}>{track}</gpx>'.encode()


class TestXml:
    @pytest.mark.parametrize("kind", ["gpx", "tcx"])
    def test_fills_each_point_and_leaves_the_rest(self, kind):
        bare = {"gpx": gpx_file(5), "tcx": tcx_file(activity("Running", lap(*(trackpoint(each) for each in range(5)))))}[kind]
        data, count = copied(kind, bare, at=lambda clock: 100 + int(clock) % 60)
        (found,) = read(kind, data)
        assert count == 5
        assert found.estimated
        assert not read(kind, bare)[0].estimated
        np.testing.assert_array_equal(found.table[:, 5], 100 + found.table[:, 0] % 60)
        np.testing.assert_array_equal(np.delete(found.table, 5, 1), np.delete(read(kind, bare)[0].table, 5, 1))
        assert without_changes(data).replace(f' xmlns:gpxtpx="{GARMIN}"'.encode(), b"") == bare

    @pytest.mark.parametrize(
        ("inside", "expected"),
        [
            ("", "<extensions><ns3:TrackPointExtension><ns3:hr>100</ns3:hr></ns3:TrackPointExtension></extensions>"),
            ("<extensions/>", "<extensions><ns3:TrackPointExtension><ns3:hr>100</ns3:hr></ns3:TrackPointExtension></extensions>"),
            (
                "<extensions><speed>3</speed></extensions>",
                "<extensions><speed>3</speed><ns3:TrackPointExtension><ns3:hr>100</ns3:hr></ns3:TrackPointExtension></extensions>",
            ),
            (
                "<extensions><ns3:TrackPointExtension><ns3:atemp>9</ns3:atemp><ns3:cad>80</ns3:cad></ns3:TrackPointExtension></extensions>",
                "<extensions><ns3:TrackPointExtension><ns3:atemp>9</ns3:atemp><ns3:hr>100</ns3:hr><ns3:cad>80</ns3:cad></ns3:TrackPointExtension></extensions>",
            ),
            (
                f'<extensions><a:TrackPointExtension xmlns:a="{GARMIN}"/></extensions>',
                f'<extensions><a:TrackPointExtension xmlns:a="{GARMIN}"><a:hr>100</a:hr></a:TrackPointExtension></extensions>',
            ),
            ("<extensions><heartrate>0</heartrate></extensions>", "<extensions><heartrate>100</heartrate></extensions>"),
            ("<extensions><ns3:hr/></extensions>", "<extensions><ns3:hr>100</ns3:hr></extensions>"),
            ("<extensions><bpm>0</bpm></extensions>", "<extensions><bpm>100</bpm></extensions>"),
            (
                "<extensions><pulse> <value>0</value> </pulse></extensions>",
                "<extensions><pulse> <value>100</value> </pulse></extensions>",
            ),
            ("<extensions><hr a='>'><![CDATA[0]]></hr></extensions>", "<extensions><hr a='>'>100</hr></extensions>"),
        ],
    )
    def test_heart_rate_has_its_place_in_a_gpx_point(self, inside, expected):
        data, count = copied("gpx", gpx(point(inside), point("", 1)))
        assert count == 2
        assert point(expected).encode() in data
        ElementTree.fromstring(data)
        assert read("gpx", data)[0].table[:, 5].tolist() == [100, 101]

    @pytest.mark.parametrize(
        ("inside", "expected"),
        [
            ("", "<HeartRateBpm><Value>100</Value></HeartRateBpm>"),
            (
                "<AltitudeMeters>3</AltitudeMeters> <Cadence>80</Cadence><Extensions><x/></Extensions>",
                "<AltitudeMeters>3</AltitudeMeters> <HeartRateBpm><Value>100</Value></HeartRateBpm><Cadence>80</Cadence>"
                "<Extensions><x/></Extensions>",
            ),
            ("<HeartRateBpm><Value>0</Value></HeartRateBpm>", "<HeartRateBpm><Value>100</Value></HeartRateBpm>"),
            ("<HeartRateBpm/>", "<HeartRateBpm><Value>100</Value></HeartRateBpm>"),
        ],
    )
    def test_heart_rate_has_its_place_in_a_tcx_point(self, inside, expected):
        bare = tcx_file(activity("Running", lap(trackpoint(40, inside), trackpoint(41))))
        data, count = copied("tcx", bare)
        assert count == 2
        assert trackpoint(40, expected).encode() in data
        assert f"</Lap><Notes>{SAID}</Notes><Creator>".encode() in data
        assert read("tcx", data)[0].table[:, 5].tolist() == [100, 101]

    def test_measured_heart_rate_stays_unless_asked(self):
        bare = gpx(point("<extensions><ns3:hr>150</ns3:hr></extensions>"), point("", 1))
        assert read("gpx", copied("gpx", bare)[0])[0].table[:, 5].tolist() == [150, 101]
        assert read("gpx", copied("gpx", bare, anew=True)[0])[0].table[:, 5].tolist() == [100, 101]

    @pytest.mark.parametrize("blank", [b" " * 10, b"\r\n", b"\xef\xbb\xbf\n", b" " * 20_000])
    @pytest.mark.parametrize("kind", ["gpx", "tcx"])
    def test_blanks_before_the_document_stay(self, kind, blank):
        bare = {
            "gpx": gpx(point(""), point("", 1)),
            "tcx": b'<?xml version="1.0"?>'
            + tcx_file(activity("Running", lap(trackpoint(40), trackpoint(41)))).removeprefix(BOM_UTF8),
        }[kind]
        data, count = copied(kind, blank + bare)
        assert count == 2
        assert data == blank + copied(kind, bare)[0]
        assert read(kind, data)[0].table[:, 5].tolist() == [100, 101]

    def test_points_at_a_time_that_has_a_heart_rate_get_none(self):
        """A device that writes position and heart rate as two points of one time."""
        rated = "<extensions><bpm>150</bpm></extensions>"
        data, count = copied("gpx", gpx(point(""), point(rated), point("", 1), point("<hr>0</hr>", 1)))
        assert count == 2
        (found,) = activities.workouts(read("gpx", data))
        assert found.table[:, 5].tolist() == [150, 101]

    def test_tracks_are_marked_and_filled_one_by_one(self):
        track = "<trk><trkseg>{}</trkseg></trk>"
        day = "".join(point("", second) for second in range(3))
        bare = ("<gpx>" + "".join(track.format(day.replace("-13T", f"-{day_of}T")) for day_of in (13, 14)) + "</gpx>").encode()
        data, count = copied("gpx", bare, at=lambda clock: 120 if clock > NOON + 9 else 0)
        assert count == 3
        first, second = read("gpx", data)
        assert (first.estimated, second.estimated) == (False, True)
        assert not (first.table[:, 5] > 0).any()
        assert second.table[:, 5].tolist() == [120] * 3

    @pytest.mark.parametrize(
        ("inside", "expected"),
        [
            ("", f"<trk><desc>{SAID}</desc><trkseg>"),
            ("<name>n</name><cmt>c</cmt><src>s</src>", f"<name>n</name><cmt>c</cmt><desc>{SAID}</desc><src>s</src>"),
            ("<name>n</name><desc>my run</desc>", f"<name>n</name><desc>{SAID} my run</desc><trkseg>"),
            ("<desc/>", f"<trk><desc>{SAID} </desc><trkseg>"),
            (f"<desc>{'long ' * 100}</desc>", f"<trk><desc>{SAID} long long"),
        ],
    )
    def test_the_track_says_so_in_words(self, inside, expected):
        data, _ = copied("gpx", gpx(point(""), point("", 1), inside=inside))
        assert expected.encode() in data
        assert read("gpx", data)[0].estimated

    def test_only_tracks_that_were_filled_say_so(self):
        activities = (activity("Running", lap(trackpoint(second), trackpoint(second + 1))) for second in (10, 40))
        data, count = copied("tcx", tcx_file(*activities), at=lambda clock: 120 if clock >= NOON else 0)
        assert count == 2
        assert [each.estimated for each in read("tcx", data)] == [False, True]

    def test_namespaces(self):
        other, old = 'xmlns:gpxtpx="urn:other"', 'xmlns="http://www.topografix.com/GPX/1/0"'
        for head, trkpt in ((other, "trkpt/extensions"), (old, "{http://www.topografix.com/GPX/1/0}trkpt")):
            tree = ElementTree.fromstring(copied("gpx", gpx(point(""), head=head))[0])
            assert tree.find(f".//{trkpt}/{{{GARMIN}}}TrackPointExtension/{{{GARMIN}}}hr").text == "100"

    def test_prefixes_of_the_file_itself_are_kept(self):
        bare = gpx(point(""), head=f'xmlns:g="{GPX}"').replace(b"<trk", b"<g:trk").replace(b"</trk", b"</g:trk")
        bare = bare.replace(b"<gpx", b"<g:gpx").replace(b"</gpx", b"</g:gpx")
        tree = ElementTree.fromstring(copied("gpx", bare)[0])
        assert tree.find(f".//{{{GPX}}}trkpt/{{{GPX}}}extensions/{{{GARMIN}}}TrackPointExtension/{{{GARMIN}}}hr").text == "100"
        assert tree.find(f".//{{{GPX}}}desc").text == SAID

    def test_other_readers_find_it(self):
        track = gpxpy.parse(copied("gpx", gpx(point(""), point("", 1)))[0].decode()).tracks[0]
        assert track.description == SAID
        assert [each.extensions[0][0].text for each in track.segments[0].points] == ["100", "101"]

    @pytest.mark.parametrize("piece", [1, 7, 64, 1 << 18])
    def test_pieces_make_no_difference(self, piece, monkeypatch):
        bare = b"\xef\xbb\xbf" + gpx(
            point("<extensions><ns3:hr>0</ns3:hr></extensions>"),
            point("<cmt>\u00fc\u8dd1</cmt>", 1),
            inside="<name>\u8dd1</name><desc/>",
        )
        expected, _ = copied("gpx", bare)
        monkeypatch.setattr("hrkeras.workouts.writers.copy_xml.CHUNK", piece)
        monkeypatch.setattr("hrkeras.workouts.readers.xml_points.CHUNK", piece)
        assert copied("gpx", bare)[0] == expected
        assert read("gpx", expected)[0].table[:, 5].tolist() == [100, 101]

    def test_courses_are_left_alone(self):
        course = f"<Courses><Course><Track>{trackpoint(40)}</Track></Course></Courses>"
        bare = tcx_file(activity("Running", lap(trackpoint(40), trackpoint(41)))).replace(
            b"</Activities>", b"</Activities>" + course.encode()
        )
        data, count = copied("tcx", bare)
        assert count == 2
        assert course.encode() in data

    @pytest.mark.parametrize("order", ["le", "be"])
    def test_of_utf_16_is_in_it_too(self, order):
        points = "".join(point("", second % 20) + "<!-- läuft \U0001f3c3 -->" for second in range(600))
        bare = "\ufeff" + gpx(points, inside="<name>Läufe</name>").decode().replace('"1.0"?', '"1.0" encoding="UTF-16"?', 1)
        expected, _ = copied("gpx", bare.replace("UTF-16", "UTF-8").encode())
        data, count = copied("gpx", bare.encode(f"utf-16-{order}"))
        assert count == 600
        assert data.decode("utf-16").replace("UTF-16", "UTF-8").encode() == expected.removeprefix(BOM_UTF8)
        (found,) = read("gpx", data)
        assert (found.name, found.estimated) == ("Läufe", True)
        assert set(found.table[:, HEART_RATE]) == {*range(100, 120)}

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (gpx(point("")).decode().replace('<?xml version="1.0"?>', "").encode("utf-16-be"), "UTF-16"),
            (gpx(point(""))[:-9], "cut off"),
            (b'<!DOCTYPE a [<!ENTITY x "y">]>' + gpx(point("")).split(b"\n")[1], "entities"),
            (b"", "empty file"),
        ],
    )
    def test_what_the_reader_refuses(self, bad, reason):
        with pytest.raises(InvalidWorkoutError, match=reason):
            copy_xml.edits("gpx", io.BytesIO(bad), rate, SAID)


NO_RATE = {number: kind for number, kind in RECORD.items() if number != 3}


def silent(*seconds, order="<", developer=b""):
    """Records without a field for heart rate."""
    return message(20, NO_RATE, *(record(each)[:4] + record(each)[5:] for each in seconds), order=order, developer=developer)


class TestFit:
    @pytest.mark.parametrize("order", ["<", ">"])
    def test_records_without_the_field_get_it(self, order):
        bare = fit_file(session(), silent(0, 1, 2, order=order))
        data, count = copied("fit", bare)
        (found,) = read("fit", data)
        assert count == 3
        assert found.estimated
        assert found.table[:, 5].tolist() == [100, 101, 102]
        np.testing.assert_array_equal(np.delete(found.table, 5, 1), np.delete(read("fit", bare)[0].table, 5, 1))

    def test_decoders_show_what_was_estimated(self):
        rows = [record(0, heart_rate=0xFF), record(1), record(2, heart_rate=0)]
        data, count = copied("fit", fit_file(session(), message(20, RECORD, *rows)))
        assert count == 2
        with fitdecode.FitReader(io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE) as frames:
            records = [each for each in frames if each.frame_type == fitdecode.FIT_FRAME_DATA and each.name == "record"]
        assert [each.get_value("heart_rate") for each in records] == [100, 150, 102]
        assert [each.get_value("estimated_heart_rate", fallback=None) for each in records] == [100, None, 102]

    def test_measured_ones_are_replaced_if_asked(self):
        data, count = copied("fit", fit_file(run(3)), anew=True)
        assert count == 3
        assert read("fit", data)[0].table[:, 5].tolist() == [100, 101, 102]

    def test_a_developer_of_the_file_itself_stays(self):
        own = (
            message(207, {3: UINT8}, [0])
            + struct.pack("<BBBHB", 0x40, 0, 0, 206, 4)
            + bytes([0, 1, 2, 1, 1, 2, 2, 1, 2, 3, 8, 7])
            + b"\0\0\3\2mine\0\0\0\0"
        )
        data, _ = copied("fit", fit_file(own, silent(0, 1, developer=b"\x07")))
        with fitdecode.FitReader(io.BytesIO(data)) as frames:
            records = [each for each in frames if each.frame_type == fitdecode.FIT_FRAME_DATA and each.name == "record"]
        assert [(each.get_value("mine"), each.get_value("estimated_heart_rate")) for each in records] == [(7, 100), (7, 101)]

    def test_compressed_times_are_understood(self):
        clock = NOON - FIT_EPOCH
        first = message(20, {253: UINT32, 6: UINT8}, [clock, 3])
        later = struct.pack("<BBBHB", 0x40, 0, 0, 20, 1) + bytes([6, 1, 2])
        rows = b"".join(bytes([0x80 | (clock + second) & 0x1F, 3]) for second in (1, 5, 36))
        data, count = copied("fit", fit_file(first, later + rows))
        assert count == 4
        found = read("fit", data)[0].table
        np.testing.assert_array_equal(found[:, 5], 100 + found[:, 0] - NOON)
        assert found[:, 0].tolist() == [NOON, NOON + 1, NOON + 5, NOON + 36]

    def test_several_files_in_one(self):
        data, count = copied("fit", fit_file(silent(0, 1)) + fit_file(silent(2, 3)))
        assert count == 4
        assert np.concatenate([each.table for each in read("fit", data)])[:, 5].tolist() == [100, 101, 102, 103]

    def test_bytes_after_the_end_stay(self):
        data, count = copied("fit", fit_file(silent(0, 1)) + b"rest")
        assert count == 2
        assert data.endswith(b"rest")
        assert read("fit", data)[0].table[:, 5].tolist() == [100, 101]

    def test_records_at_a_time_that_has_a_heart_rate_get_none(self):
        rate_only = message(20, {253: UINT32, 3: UINT8}, [NOON - FIT_EPOCH, 150], [NOON - FIT_EPOCH + 1, 0])
        data, count = copied("fit", fit_file(silent(0, 1), rate_only))
        assert count == 2  # both of the second time
        (found,) = activities.workouts(read("fit", data))
        assert found.table[:, 5].tolist() == [150, 101]

    def test_heart_rates_of_a_strap_count_as_measured(self):
        strap = message(132, {9: UINT32, 253: UINT32, 6: UINT8}, [5120, NOON - FIT_EPOCH, 150], [6144, 0xFFFFFFFF, 152])
        data, count = copied("fit", fit_file(silent(0, 1, 2), strap))
        assert count == 1
        assert read("fit", data)[0].table[:, 5].tolist() == [150, 152, 102]

    def test_only_sessions_that_were_filled_say_so(self):
        bare = fit_file(session(), session(start=100), silent(0, 1, 100, 101))
        data, _ = copied("fit", bare, at=lambda clock: 120 if clock >= NOON + 100 else 0)
        assert [each.estimated for each in read("fit", data)] == [False, True]

    @pytest.mark.parametrize("end", [3, 15, 40, -10])
    def test_damage_is_refused(self, end):
        with pytest.raises(InvalidWorkoutError, match=r"^(not FIT|FIT that is cut off)$"):
            copy_fit.filled(fit_file(session(), silent(0, 1))[:end], rate)


def open_file(path):
    return lambda: open_plain(path, ReadLog())


class TestCopy:
    def test_packed_by_its_name_and_never_half(self, tmp_path):
        source = tmp_path / "a.gpx"
        source.write_bytes(gpx(point(""), point("", 1)))
        assert copies.copy("gpx", open_file(source), tmp_path / "b.gpx.gz", rate) == 2
        assert copies.copy("gpx", open_file(source), tmp_path / "b.gpx", rate) == 2
        assert gzip.decompress((tmp_path / "b.gpx.gz").read_bytes()) == (tmp_path / "b.gpx").read_bytes()
        assert [each.estimated for each in tracks.read(tmp_path / "b.gpx.gz")] == [True]
        assert sorted(each.name for each in tmp_path.iterdir()) == ["a.gpx", "b.gpx", "b.gpx.gz"]

    def test_nothing_to_fill_writes_nothing(self, tmp_path):
        source = tmp_path / "a.gpx"
        source.write_bytes(gpx(point("")))
        assert copies.copy("gpx", open_file(source), tmp_path / "b.gpx", lambda clock: 0) == 0
        assert not (tmp_path / "b.gpx").exists()


def test_real_files_are_read_back_with_what_was_put_in(real_data, tmp_path):
    for source in sorted((real_data / "tracks").glob("*.*")):
        if not tracks.is_track(source) or "7605" in source.name:
            continue
        target = tmp_path / source.name
        copies.copy(
            kind(source),
            open_file(source),
            target,
            lambda clock: 60 + int(clock) % 100 if clock == clock else 0,
            True,
        )
        for before, after in zip(tracks.read(source), tracks.read(target), strict=True):
            for name in ("time", "speed", "altitude"):
                np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
            np.testing.assert_array_equal(after.heart_rate, 60 + np.floor(after.start + after.time + 1e-6) % 100)
            assert after.estimated
            assert not before.estimated
