import ast
import json
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrkeras.workouts.readers import literals

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ENTRIES = st.dictionaries(st.text(), VALUES, max_size=5)


@given(ENTRIES)
def test_python_and_json_are_read_as_they_were_written(entry):
    for line in (repr(entry), json.dumps(entry), json.dumps(entry, ensure_ascii=False)):
        assert literals.parse(line.encode()) == entry


@pytest.mark.parametrize("number", ["nan", "NaN", "inf", "-inf", "Infinity", "-Infinity"])
def test_numbers_that_are_not_finite_are_none(number):
    assert literals.parse(f"{{'a': [1, {number}, 1e-5], 'nan': 'inf'}}".encode()) == {"a": [1, None, 1e-5], "nan": "inf"}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (r"{'a': 'it\'s \"None\" true'}", 'it\'s "None" true'),
        (r"""{'a': "it's \x41\u00e9\U0001f600\n\q", 'b': None}""", "it's Aé😀\n\\q"),
        (r"""{u'a': u'\ud83d\ude00', 'b': "'"}""", "😀"),
        (r"{'a': '\\'}", "\\"),
        (r"{'a': '\U00110000'}", r"\U00110000"),
        (r"{'a': 'x\ud800y'}", "x\N{REPLACEMENT CHARACTER}y"),
    ],
)
def test_escapes(line, text):
    assert literals.parse(line.encode())["a"] == text


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"{'a': 1", b"{'a': '}", b"{'a': '\\'}", b"'", b"u'", b"[1]", b"1", b"{'a': os}", b"{'a': 0x1F}",
     b"{'\xff': nan}", b"{'a': '\\\xff'}",
     b"{'a': 1, 'b': __import__('os').getcwd()}", b"{'a': " + b"[" * 5000 + b"]" * 5000 + b"}"],
)  # fmt: skip
def test_what_is_no_dict_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011
        literals.parse(line)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_dict_or_refused(data):
    with suppress(ValueError):
        assert isinstance(literals.parse(b"{" + data + b"}"), dict)


@given(ENTRIES)
def test_python_itself_agrees(entry):
    line = repr(entry)
    assert literals.parse(line.encode()) == ast.literal_eval(line)


@pytest.mark.parametrize("piece", [rb"\'", rb"\"", b"'", b'"', b"u'", b"'\\", b"[", b"nan,", b"a", b"-", b"\\"])
@pytest.mark.parametrize("before", [b"", b"{'a': '", b'{"a": "', b"{'a': \"'"])
def test_time_stays_in_proportion_to_size(before, piece):
    began = time.process_time()
    with pytest.raises(ValueError):  # noqa: PT011
        literals.parse(before + piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 5


def test_memory_is_a_small_multiple_of_the_line():
    code = (
        "import resource; from hrkeras.workouts.readers import literals\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "for inner in (b'nan', b'1.5', b'[]', b\"'x'\", b'{}'):\n"
        "    literals.parse(b\"{'a': [\" + b','.join([inner] * 150_000) + b\"], 'b': nan}\")\n"
        "print(peak() - before)"
    )
    used = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(used.stdout) * 1024 < 48 << 20
