import gzip
import tracemalloc
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrkeras.utils.errors import InputError
from hrkeras.workouts import prepare, quality
from hrkeras.workouts.readers import endomondo
from hrkeras.workouts.readers.source import ReadLog

LINE = (
    "{'longitude': [5.0, 5.0, 5.0], 'altitude': [1.0, 2.0, 3.0], 'latitude': [1.0, 1.0009, 1.0018], 'sport': 'run', "
    "'id': 7, 'heart_rate': [100, 0, 120], 'gender': 'unknown', 'timestamp': [1600000000, 1600000010, 1600000020], "
    "'url': 'https://www.endomondo.com/users/9/workouts/7', 'userId': 9}"
)


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_reads_a_line(tmp_path):
    (workout,) = endomondo.read(write(tmp_path / "x.json", LINE))
    assert (workout.user, workout.sport, workout.start) == ("9", "running", 1.6e9)
    assert workout.where == "x.json:1"
    np.testing.assert_array_equal(workout.time, [0, 10, 20])
    np.testing.assert_array_equal(workout.heart_rate, [100, np.nan, 120])
    np.testing.assert_allclose(workout.speed, 10.0075, atol=1e-3)


def test_speed_is_km_h(tmp_path):
    (workout,) = endomondo.read(write(tmp_path / "x.json", LINE[:-1] + ", 'speed': [7.2, 7.2, 10.8]}"))
    np.testing.assert_allclose(workout.speed, [2, 2, 3])


def test_gzip_is_told_by_its_content(tmp_path):
    path = tmp_path / "no_suffix"
    path.write_bytes(gzip.compress(LINE.encode()))
    log = []
    assert len(list(endomondo.read(path, log=ReadLog(log.append)))) == 1
    assert sum(log) == endomondo.size(path)
    assert endomondo.is_endomondo(path)


BAD = {
    "line is no complete dict": [
        LINE[:100],
        "[1, 2]",
        "__import__('os').system('true')",
        "{'timestamp': __import__('os')}",
        "(" * 5000,
        LINE.replace("'userId': 9", "'userId': 9" + "9" * 900_000),
        LINE.replace("'userId': 9", "'userId': 0x" + "f" * 900_000),
        "\x00\x01",
        '{"timestamp": "',
    ],
    "userId is neither text nor number": [LINE.replace("'userId': 9", "'userId': " + "[" * 500 + "]" * 500)],
    "line of more than 1,048,576 bytes": ["{'a': '" + "x" * 10_000_000 + "'}"],
    "no timestamp": ["{}", "{'sport': 'run'}"],
    "timestamp is no list of numbers": [
        "{'timestamp': ['a', 'b']}",
        "{'timestamp': [[1], [2]]}",
        "{'timestamp': [{}, 1]}",
    ],
    "heart_rate is no list of at most 100,000 numbers": [LINE.replace("[100, 0, 120]", "[100, True, 120]")],
    "timestamp is no list of at most 100,000 numbers": ["{'timestamp': 5}"],
    "columns of different lengths": [LINE.replace("[100, 0, 120]", "[100]")],
    "fewer than two points with a valid time": [
        "{'timestamp': []}",
        "{'timestamp': [1600000000]}",
        "{'timestamp': [1e300, 1e301]}",
    ],
}


@pytest.mark.parametrize(("reason", "line"), [(reason, line) for reason, lines in BAD.items() for line in lines])
def test_a_bad_line_is_counted_and_passed_over(tmp_path, reason, line):
    log = ReadLog()
    path = write(tmp_path / "x.json", LINE, line, "", LINE)
    assert len(list(endomondo.read(path, log=log))) == 2
    assert log.skipped == {reason: 1}
    assert log.examples == {reason: ["x.json:2"]}


MIXED = [
    '{"userId": 9, "sport": "run", "gender": null, "good": true, "timestamp": [1600000000, 1600000010, 1600000020], '
    '"heart_rate": [100, null, 120], "speed": [NaN, 7.2, -Infinity], "url": "it\'s"}',
    "{'userId': 9, 'sport': 'run', 'gender': None, 'good': True, 'timestamp': [1600000000, 1600000010, 1600000020], "
    "'heart_rate': [100, nan, 120], 'speed': [nan, 7.2, -inf], 'url': \"it's\"}",
    "{'userId': '9', 'sport': 'run', 'timestamp': [1600000000, 1600000010, 1600000020], "
    "'heart_rate': [100, None, 120], 'speed': [inf, 7.2, None]}",
    '{"userId":9.0,"sport":"run","timestamp":[1600000000,1600000010,1600000020],"heart_rate":[100,null,120],"speed":[null,7.2,null]}',
]


def test_json_and_python_may_be_mixed(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(MIXED).encode())
    assert endomondo.is_endomondo(path)
    log = ReadLog()
    workouts = list(endomondo.read(path, log=log))
    assert not log.skipped
    assert [(each.user, each.sport, each.start) for each in workouts] == [("9", "running", 1.6e9)] * 4
    for workout in workouts:
        np.testing.assert_array_equal(workout.heart_rate, [100, np.nan, 120])
        np.testing.assert_array_equal(workout.speed, [np.nan, 2, np.nan])


def test_who_and_what_may_be_missing(tmp_path):
    path = write(tmp_path / "x.json", LINE.replace("'run'", "None").replace(": 9", ": None"), LINE.replace(", 'userId': 9", ""))
    assert [(each.user, each.sport) for each in endomondo.read(path)] == [("", ""), ("", "running")]


def test_texts_can_be_printed(tmp_path):
    hostile = LINE.replace("'userId': 9", '"userId": "\\x1b[2J\\u202eu"').replace("'run'", "'ru\\ud800'")
    (workout,) = endomondo.read(write(tmp_path / "x.json", hostile))
    assert workout.user == r"\x1b[2J\u202eu"
    assert workout.sport == "ru\N{REPLACEMENT CHARACTER}"


def test_quotes_inside_strings_are_not_misread(tmp_path):
    tricky = LINE.replace("'unknown'", '"it\'s"').replace("'run'", "'chess\\x21'")
    (workout,) = endomondo.read(write(tmp_path / "x.json", tricky))
    assert workout.sport == "chess!"


@given(st.text(max_size=300))
def test_any_text_is_a_workout_or_counted(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "x.json"
    path.write_bytes((LINE + "\n" + text.replace("\n", " ")).encode("utf-8", "surrogatepass"))
    log = ReadLog()
    assert len(list(endomondo.read(path, log=log))) + log.skipped.total() == 1 + bool(
        text.encode("utf-8", "surrogatepass").strip()
    )


def test_several_processes_give_the_same_in_the_same_order(tmp_path):
    lines = [LINE.replace("160000", str(160000 + i)) for i in range(100)]
    path = write(tmp_path / "x.json", *lines[:50], "broken", *lines[50:])
    then = partial(prepare.examine, limits=quality.Limits().override(["min_points=3", "min_duration=1"]))
    logs = [ReadLog(), ReadLog()]
    one, two = (
        list(endomondo.read(path, log=log, processes=number, then=then)) for number, log in zip((1, 2), logs, strict=True)
    )
    assert [str(a) for a in one] == [str(b) for b in two]
    assert logs[0].examples == logs[1].examples == {"line is no complete dict": ["x.json:51"]}


def test_memory_stays_constant(tmp_path):
    path = tmp_path / "x.json"
    path.write_text((LINE + "\n") * 20_000)
    tracemalloc.start()
    assert sum(1 for _ in endomondo.read(path)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20 < path.stat().st_size * 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found none: it is empty"),
        (b"\n\n", "found none: it is empty"),
        (b"<gpx></gpx>", "GPX, TCX, FIT and Apple Health files have readers of their own"),
        (gzip.compress(LINE.encode() * 1000)[:60], "cut off or damaged"),
        (b"\x1f\x8b" + b"junk" * 10, "cut off or damaged"),
    ],
)
def test_a_file_without_workouts_is_refused(tmp_path, content, message):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(endomondo.read(path))


def test_a_gzip_bomb_is_refused(tmp_path):
    path = tmp_path / "bomb.json.gz"
    with gzip.open(path, "wb") as stream:
        for _ in range(100):
            stream.write(b" " * (1 << 20))
    with pytest.raises(InputError, match="200 times its size"):
        list(endomondo.read(path))


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(endomondo.read(tmp_path / "missing"))
    with pytest.raises(InputError, match="cannot be read"):
        list(endomondo.read(tmp_path))


def test_real_lines(real_data):
    log = ReadLog()
    workouts = list(endomondo.read(real_data / "endomondo" / "endomondoHR_small.json.gz", log=log))
    assert len(workouts) + log.skipped.total() == 250
    assert sum(workout.sport == "running" for workout in workouts) >= 200
