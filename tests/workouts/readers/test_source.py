"""Opening what a person points at, and counting."""

import errno
import gzip
import os
import socket
from pathlib import Path

import pytest

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts.readers import detect
from hrkeras.workouts.readers.source import EXAMPLES, ReadLog, guarded, open_plain

PLAIN = b"".join(b"%d beats\n" % (100 + number % 80) for number in range(50_000))


def read(path, log=None, size=10_000) -> bytes:
    with open_plain(path, log or ReadLog()) as stream:
        return b"".join(iter(lambda: stream.read(size), b""))


@pytest.mark.parametrize("packed", [False, True])
def test_gzip_is_told_by_its_content_and_bytes_of_the_file_are_counted(tmp_path, packed):
    path = tmp_path / "any.name"
    path.write_bytes(gzip.compress(PLAIN) if packed else PLAIN)
    told: list[int] = []
    assert read(path, ReadLog(told.append)) == PLAIN
    assert sum(told) == path.stat().st_size
    assert len(told) > 1


def test_several_gzip_members_are_one_file(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress(b"one ") + gzip.compress(b"two"))
    assert read(tmp_path / "a") == b"one two"


@pytest.mark.parametrize("parts", [[], [3], [3, 4], [10, 20]])
def test_a_part_of_a_source_counts_as_what_it_is(parts):
    told: list[int] = []
    log = ReadLog(told.append)
    with log.whole(10) as part:
        for size in parts:
            part.advance(size)
        part.skip("odd", "a")
    assert sum(told) == 10
    assert (log.skipped, log.examples) == ({"odd": 1}, {"odd": ["a"]})


@pytest.mark.parametrize(
    ("error", "where", "reason"),
    [
        ("a: b.gpx: no such file; check the path.", "a: b.gpx", "no such file"),
        ("a.zip: unpacks to too much (200 times); go on.", "a.zip/b.gpx", "unpacks to too much"),
        ("no path in it", "a", "no path in it"),
    ],
)
def test_an_error_is_counted_by_what_is_wrong(error, where, reason):
    log = ReadLog()
    log.refuse(InputError(error), where)
    assert log.examples == {reason: [where]}


def test_an_empty_file_is_empty(tmp_path):
    (tmp_path / "a").touch()
    assert read(tmp_path / "a") == b""


def test_damaged_gzip(tmp_path):
    whole = gzip.compress(PLAIN)
    for name, content in {
        "cut": whole[:-100],
        "head": whole[:5],
        "wrong": whole[:500] + bytes(500) + whole[1000:],
        "sum": whole[:-8] + bytes(8),
        "more": whole + b"\x1f\x8b\x08",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=rf"^{tmp_path / name}: the gzip data is cut off or damaged .*; fetch the file anew"):
            read(tmp_path / name)


def test_a_bomb_stops_early(tmp_path):
    (tmp_path / "bomb").write_bytes(gzip.compress(bytes(300 << 20)))
    told: list[int] = []
    with pytest.raises(InputError, match="200 times its size"):
        read(tmp_path / "bomb", ReadLog(told.append), size=1 << 20)
    assert sum(told) < (tmp_path / "bomb").stat().st_size / 2
    (tmp_path / "dense").write_bytes(gzip.compress(bytes(60 << 20)))
    assert len(read(tmp_path / "dense", size=1 << 20)) == 60 << 20


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(InputError, match="no such file; check the path"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        read(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_never_ends_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "x.gpx"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    else:
        path = Path("/dev/zero")
    with pytest.raises(InputError, match=rf"^{path}: no regular file; save"):
        read(path)
    for name in ("x.gpx", "x.fit.gz", "x.zip", "x.json", "x.xml", "export"):
        if kind == "pipe" and name != path.name:
            path = path.rename(tmp_path / name)
        with pytest.raises(InputError):
            list(detect.read(path))


def test_the_log_counts_all_and_keeps_a_few_places():
    log = ReadLog()
    for number in range(10):
        log.skip("torn", f"line {number}")
    log.skip("empty", "line 7")
    log.advance(3)
    assert log.skipped == {"torn": 10, "empty": 1}
    assert log.examples == {"torn": [f"line {number}" for number in range(EXAMPLES)], "empty": ["line 7"]}


def test_what_is_counted_can_be_printed():
    log = ReadLog()
    log.skip("no \x1b[2J", "a\udcffb")
    assert log.examples == {r"no \x1b[2J": [r"a\udcffb"]}


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError(), MemoryError(), ZeroDivisionError(), OSError("of a parser")])
def test_what_a_parser_stumbles_over_is_a_reason(error):
    with pytest.raises(InvalidWorkoutError, match=rf"^damaged \({type(error).__name__}\)$"), guarded():
        raise error


@pytest.mark.parametrize(
    "error", [InputError("a"), InvalidWorkoutError("b"), OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), GeneratorExit()]
)
def test_what_is_not_the_parser_passes_through(error):
    with pytest.raises(type(error)) as caught, guarded():
        raise error
    assert caught.value is error
