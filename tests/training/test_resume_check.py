"""What was asked for when something was begun, and files of it that were damaged since."""

import pytest

from hrkeras.training import resume_check
from hrkeras.utils.errors import InputError


def test_the_same_goes_on_and_something_else_does_not(tmp_path):
    path = tmp_path / "settings.json"
    resume_check.check(path, {"epochs": 3}, "begin anew")
    resume_check.check(path, {"epochs": 3}, "begin anew")
    with pytest.raises(InputError, match=r"was begun otherwise \(epochs: 3\); begin anew\."):
        resume_check.check(path, {"epochs": 4}, "begin anew")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"7", b"\xff\x00", b"[" * 100_000], ids=str)
def test_a_damaged_file_is_named(content, tmp_path):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"settings.json: expected what was asked for .* found a damaged file; begin anew\."):
        resume_check.check(path, {"epochs": 3}, "begin anew")
    assert path.read_bytes() == content
