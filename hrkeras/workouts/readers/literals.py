"""Parse a line with a dict, as JSON or as Python prints it, in memory that is a small multiple of the line."""

import re

import orjson

MAX_TOKENS = 200_000  # strings and words in a line that is not plain JSON; the columns of a run have some thousands
QUOTES, PREFIX = b"'\"", ord("u")
WORDS = {b"None": b"null", b"True": b"true", b"False": b"false"}
NOT_FINITE = {b"nan", b"inf", b"infinity"}  # in lower case; read as null
TOKEN = re.compile(
    rb"""u?'(?:[^'\\]++|\\.)*+'?"""  # a string to its end, or to that of the line, so that no byte is scanned twice
    rb"""|u?"(?:[^"\\]++|\\.)*+"?"""
    rb"|[-+]?\b[A-Za-z]\w*+",
    re.DOTALL,
)
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|(.))", re.DOTALL)
LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\", "/": "/"}


def parse(line: bytes) -> dict:
    """Parses the dict in a line; numbers that are not finite become None.

    JSON may hold `NaN` and `Infinity`. Python may hold dicts, lists, strings, numbers, `None`, `True` and `False`.

    Raises:
        ValueError: if the line is neither.
    """
    only_quotes_differ = b'"' not in line and b"\\" not in line
    try:
        value = orjson.loads(line.replace(b"'", b'"') if only_quotes_differ else line)
    except ValueError:
        value = orjson.loads(TOKEN.sub(_as_json, line, MAX_TOKENS))
    if not isinstance(value, dict):
        raise ValueError("no dict")
    return value


def _as_json(token: re.Match[bytes]) -> bytes:
    text = token[0]
    if text[-1] not in QUOTES:
        return b"null" if text.lstrip(b"+-").lower() in NOT_FINITE else WORDS.get(text, text)
    inner = text[2:-1] if text[0] == PREFIX else text[1:-1]
    if b"\\" not in inner and b'"' not in inner:
        return b'"%b"' % inner
    plain = ESCAPE.sub(_unescaped, inner.decode())
    whole = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # JSON writes an emoji as two surrogates
    return orjson.dumps(whole)


def _unescaped(escape: re.Match[str]) -> str:
    digits = escape[1] or escape[2] or escape[3]
    return chr(int(digits, 16)) if digits else LETTERS.get(escape[4], escape[0])
