"""Copies in which a part of the heart rate was repaired: that part alone is new, and no reader takes it for measured."""

import io
import re

import fitdecode
import numpy as np
import pytest
from track_files import NOON, RECORD, activity, fit_file, lap, message, record, session, tcx_file, trackpoint

from hrkeras.workouts.readers import activities, fit_files, marks, tracks
from hrkeras.workouts.readers.fit_messages import Messages
from hrkeras.workouts.readers.fit_records import RECORD as RECORD_NUMBER
from hrkeras.workouts.readers.point_table import COLUMNS, HEART_RATE, TIME
from hrkeras.workouts.writers import copy_fit, copy_xml

STRETCHES = [(NOON + 1, NOON + 2), (NOON + 4, NOON + 4)]
WORDS = (
    "Heart rate repaired by hrkeras where the sensor was wrong: 2020-09-13T12:26:41Z/2020-09-13T12:26:42Z, "
    "2020-09-13T12:26:44Z/2020-09-13T12:26:44Z."
)
BEATS = "<HeartRateBpm><Value>{}</Value></HeartRateBpm>"


def repaired(clock):
    return 120 + int(clock - NOON) if any(begin <= clock <= end for begin, end in STRETCHES) else 0


def read(kind, data):
    (found,) = activities.workouts(tracks.READERS[kind](io.BytesIO(data)))
    return found


def gpx(inside=""):
    points = "".join(
        f'<trkpt lat="1" lon="{second / 1e4}"><time>2020-09-13T12:26:{40 + second}Z</time><hr>{200 + second}</hr></trkpt>'
        for second in range(6)
    )
    return f'<?xml version="1.0"?>\n<gpx><trk>{inside}<trkseg>{points}</trkseg></trk></gpx>'.encode()


def tcx(inside=""):
    points = (trackpoint(40 + second, BEATS.format(200 + second)) for second in range(6))
    return tcx_file(activity("Running", lap(*points)) if not inside else activity("Running", lap(*points) + inside))


def copied(kind, data, stretches=STRETCHES):
    changes, count = copy_xml.edits(kind, io.BytesIO(data), repaired, marks.repaired(stretches).words)
    out = io.BytesIO()
    copy_xml.copy(io.BytesIO(data), changes, out.write)
    return out.getvalue(), count


class TestXml:
    @pytest.mark.parametrize(("kind", "original"), [("gpx", gpx()), ("tcx", tcx())])
    def test_only_the_stretches_change(self, kind, original):
        data, count = copied(kind, original)
        assert count == 3
        assert marks.repaired(STRETCHES).words == WORDS
        for second in (1, 2, 4):
            data = data.replace(str(120 + second).encode(), str(200 + second).encode())
        assert re.sub(f"<(desc|Notes)>{re.escape(WORDS)}</\\1>".encode(), b"", data) == original

    @pytest.mark.parametrize(("kind", "original"), [("gpx", gpx("<desc>mine</desc>")), ("tcx", tcx("<Notes>mine</Notes>"))])
    def test_is_read_as_not_measured(self, kind, original):
        data, _ = copied(kind, original)
        assert f"{WORDS} mine".encode() in data
        found = read(kind, data)
        assert not found.estimated
        assert found.passed_over == (marks.TAKEN_OUT,)
        np.testing.assert_array_equal(found.table[:, HEART_RATE], [200, np.nan, np.nan, 203, np.nan, 205])
        np.testing.assert_array_equal(np.delete(found.table, HEART_RATE, 1), np.delete(read(kind, original).table, HEART_RATE, 1))


class TestFit:
    @pytest.fixture
    def original(self):
        return fit_file(session(), message(20, RECORD, *(record(second, heart_rate=200 + second) for second in range(6))))

    @pytest.fixture
    def data(self, original):
        data, count = copy_fit.filled(original, repaired, marks.REPAIRED_FIELD)
        assert count == 3
        return data

    def test_only_the_stretches_change(self, original, data):
        before, after = (
            [
                each
                for each in Messages(fit_files.files(content)[0][0].body).read()
                if each.definition.number in (18, RECORD_NUMBER)
            ]
            for content in (original, data)
        )
        assert len(before) == len(after)
        place = (
            1
            + next(each for each in before if not each.is_definition and each.definition.number == RECORD_NUMBER)
            .definition.field(3)
            .begin
        )
        second = 0
        for one, other in zip(before, after, strict=True):
            if one.definition.number != RECORD_NUMBER:
                assert one.raw == other.raw
            elif not one.is_definition:
                new = repaired(NOON + second)
                assert other.raw == one.raw[:place] + bytes([new or 200 + second]) + one.raw[place + 1 :] + bytes([new or 0xFF])
                second += 1
        assert second == 6

    def test_decoders_show_what_was_repaired(self, data):
        with fitdecode.FitReader(io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE) as frames:
            records = [each for each in frames if each.frame_type == fitdecode.FIT_FRAME_DATA and each.name == "record"]
        assert [each.get_value("heart_rate") for each in records] == [200, 121, 122, 203, 124, 205]
        shown = [each.get_value("repaired_heart_rate", fallback=None) for each in records]
        assert shown == [None, 121, 122, None, 124, None]

    def test_is_read_as_not_measured(self, original, data):
        found = read("fit", data)
        assert (found.estimated, found.passed_over) == (False, (marks.TAKEN_OUT,))
        np.testing.assert_array_equal(found.table[:, HEART_RATE], [200, np.nan, np.nan, 203, np.nan, 205])
        np.testing.assert_array_equal(
            np.delete(found.table, HEART_RATE, 1), np.delete(read("fit", original).table, HEART_RATE, 1)
        )


class TestMarks:
    def test_parts_of_seconds_and_clocks_that_were_never_set(self):
        stretches = [(40.0, 41.5), (1.6e9 + 0.123, 1.6e9 + 9)]
        assert marks.stretches(f"x {marks.repaired(stretches).words}") == stretches

    def test_more_stretches_than_a_text_holds_are_joined_the_nearest_first(self):
        stretches = [(NOON + 100 * place, NOON + 100 * place + 5) for place in range(200)] + [(NOON + 90_000, NOON + 90_001)]
        words = marks.repaired(stretches).words
        assert len(words) <= marks.MOST
        back = marks.stretches(words)
        assert back[-1] == stretches[-1]
        assert all(any(begin <= one[0] and one[1] <= end for begin, end in back) for one in stretches)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2020-09-13T12:26:41Z/2020-09-13T12:26:42Z",
            f"{marks.REPAIRED} ../../etc 2020-09-13T12:26:41Z",
            f"{marks.REPAIRED} 2020-13-13T12:26:41Z/2020-09-13T12:26:42Z",
            f"{marks.REPAIRED} 0000-00-00T00:00:00Z/9999-99-99T99:99:99Z",
            f"{marks.REPAIRED} 2020-09-13T12:26:42Z/2020-09-13T12:26:41Z",
        ],
    )
    def test_other_texts_name_none(self, text):
        assert marks.stretches(text) == []

    def test_a_mark_on_points_without_heart_rate_says_nothing(self):
        table = np.full((3, COLUMNS), np.nan)
        table[:, TIME] = NOON + np.arange(3)
        assert marks.take_out(table, STRETCHES) == ()
