"""Small JSON files: an object, or none."""

import os

import pytest

from hrkeras.utils import small_json


def test_an_object_comes_back(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [1, null]}')
    assert small_json.read(tmp_path / "a.json") == {"a": [1, None]}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"7", b"\xff\x00", b"[" * 100_000], ids=len)
def test_anything_else_is_none(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    assert small_json.read(tmp_path / "a.json") is None


def test_what_is_too_large_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(small_json, "MAX_SIZE", 7)
    (tmp_path / "a.json").write_text('{"a": 12}')
    assert small_json.read(tmp_path / "a.json") is None


def test_what_is_no_file_is_none(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert [small_json.read(path) for path in (tmp_path, tmp_path / "pipe", tmp_path / "none")] == [None] * 3
