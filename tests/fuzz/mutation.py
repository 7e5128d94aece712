"""Damage to files as fuzzers do it: bytes, numbers, tags and whole pieces, by a seed."""

import random
import re

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
TAG = re.compile(rb"<[^<>]{0,200}>")
VALUES = [
    *(b"0", b"-0", b"-1", b"1", b"255", b"65535", b"-2147483648", b"4294967295", b"9223372036854775808", b"1e308", b"1e999"),
    *(b"nan", b"inf", b"-inf", b"null", b"true", b"", b"0x1f", b"1_000", b"9" * 400, b"\xd9\xa1", b"1970-01-01T00:00:00Z"),
]
PIECES = [
    *(
        b"<",
        b">",
        b"/>",
        b"</trk>",
        b"<trkpt>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
        b"&a;",
        b"&#0;",
        b"]]>",
        b"<![CDATA[",
        b"<?xml",
    ),
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b[2J", b"\xed\xa0\x80", b"\n", b"\r\n", b"'", b'"', b"\\u0000", b"\\ud800"),
    *(b"[" * 300, b"{" * 300, b"(" * 300, b"<a>" * 300, b"{}", b"[]", b"PK\x03\x04", b"\x1f\x8b\x08", b".FIT"),
]
MOST = 1 << 16  # bytes
BITS = (0x01, 0x10, 0x40, 0x80, 0xFF)


def mutate(data: bytes, chance: random.Random, most: int = MOST) -> bytes:
    """The bytes with some damage, at most so many of them."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        data = chance.choice(WAYS)(data, chance)[:most]
    return data


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(min(chance.choice((1, 1, 2, 4, 16)), len(changed))):
        changed[chance.randrange(len(changed))] ^= chance.choice(BITS)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random) -> bytes:
    begin, end = _span(data, chance)
    return data[:begin] + data[end:]


def _end_early(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    begin, end = _span(data, chance)
    return data[:end] + data[begin:end] * chance.choice((1, 1, 2, 20)) + data[end:]


def _move(data: bytes, chance: random.Random) -> bytes:
    begin, end = _span(data, chance)
    rest = data[:begin] + data[end:]
    place = chance.randrange(len(rest) + 1)
    return rest[:place] + data[begin:end] + rest[place:]


def _insert(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(PIECES) + data[place:]


def _number(data: bytes, chance: random.Random) -> bytes:
    return _replace(data, chance, NUMBER, lambda found: chance.choice([*VALUES, found * 2, b"-" + found]))


def _tag(data: bytes, chance: random.Random) -> bytes:
    return _replace(data, chance, TAG, lambda found: chance.choice((b"", found * 2, found * 50, b"</" + found[1:])))


def _two_tags(data: bytes, chance: random.Random) -> bytes:
    tags = TAG.findall(data)
    return _replace(data, chance, TAG, lambda _: chance.choice(tags))


def _word(data: bytes, chance: random.Random) -> bytes:
    """A run of four bytes, as numbers in binary files are, made extreme."""
    if len(data) < 4:
        return data
    place = chance.randrange(len(data) - 3)
    value = chance.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x01\0\0\0"))
    return data[:place] + value + data[place + 4 :]


def _replace(data: bytes, chance: random.Random, pattern: re.Pattern, other) -> bytes:
    places = [found.span() for found in pattern.finditer(data)]
    if not places:
        return _flip(data, chance)
    begin, end = chance.choice(places)
    return data[:begin] + other(data[begin:end]) + data[end:]


def _span(data: bytes, chance: random.Random) -> tuple[int, int]:
    begin = chance.randrange(len(data) + 1)
    return begin, min(len(data), begin + chance.choice((1, 4, 16, 64, 256, 1024)))


WAYS = (_flip, _cut, _end_early, _repeat, _move, _insert, _number, _number, _tag, _two_tags, _word)
