"""What an output file or folder holds, recognised by its content and not by its name."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hrkeras.utils import small_json

HEAD = 8192  # bytes of a file that are looked at
SAVED_MODEL_FILES = re.compile(
    r"(saved_model|fingerprint|keras_metadata)\.pb|assets|variables|variables/variables\.(index|data-\d+-of-\d+)"
)
DATASET_FILES = re.compile(
    r"(dataset_info|features|metadata|funnel)\.json|funnel\.png|\w+-\w+\.(tfrecord|array_record)-\d+-of-\d+|\.DS_Store"
)


class Kind(NamedTuple):
    """What a command writes.

    Attributes:
        name: for messages.
        matches: whether the file or folder at a path is of this kind.
        ending: that the name of such a file must have; any if empty.
    """

    name: str
    matches: Callable[[Path], bool]
    ending: str = ""


def table(*columns: str) -> Kind:
    """A CSV of ours whose first columns are these."""
    first = ",".join(columns) + ","
    return Kind(f"a table of `{first}...`", lambda path: _head(path).startswith(first.encode()), ".csv")


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with open(path, "rb") as stream:
        return stream.read(HEAD)


def _has(*texts: bytes) -> Callable[[Path], bool]:
    return lambda path: all(text in _head(path) for text in texts)


def _is_png(path: Path) -> bool:
    head = _head(path)
    return head.startswith(b"\x89PNG\r\n\x1a\n") and b"tEXtSoftware\0hrkeras" in head


def _is_keras(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return {"config.json", "model.weights.h5"} <= set(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False


def _keys(path: Path) -> set[str]:
    return set(small_json.read(path) or {})


def _holds_only(folder: Path, paths: re.Pattern[str]) -> bool:
    """Whether everything in a folder, at any depth, has a path within it that fits a pattern."""
    return all(paths.fullmatch(path.relative_to(folder).as_posix()) for path in folder.rglob("*"))


def _is_saved_model(path: Path) -> bool:
    return (path / "saved_model.pb").is_file() and _holds_only(path, SAVED_MODEL_FILES)


def _is_search(path: Path) -> bool:
    """Whether a folder holds a search, or nothing that one would replace."""
    written = ("search.json", "trials", "results.csv", "results.md", "curves.png", "best.keras", "best.md")
    return {"space", "tuner"} <= _keys(path / "search.json") or not any((path / name).exists() for name in written)


def _is_dataset(path: Path) -> bool:
    """Whether a folder holds nothing but versions of a dataset, and these only what is written when one is built."""
    versions = [version for version in path.iterdir() if not version.name.startswith(".")]
    return all((version / "dataset_info.json").is_file() and _holds_only(version, DATASET_FILES) for version in versions)


PREDICTION, FITNESS, PLAN = table("time_s", "speed_m_s"), table("start", "heart_rate_at_pace"), table("km", "length_m")
PNG = Kind("a PNG drawn by hrkeras", _is_png, ".png")
PAGE = Kind("a page that `hrkeras report` has written", _has(b"<title>What your runs say</title>"), ".html")
KERAS = Kind("a .keras model", _is_keras)
CARD = Kind("a model card", _has(b"\nPredicts the heart rate of a run (beats/min"))
DESCRIPTION = Kind("the description of an export", lambda path: {"fingerprint", "format", "inputs"} <= _keys(path))
EXPORTS = {
    "savedmodel": Kind("a SavedModel and nothing else", lambda path: path.is_dir() and _is_saved_model(path)),
    "litert": Kind("a LiteRT model", lambda path: _head(path)[4:8] == b"TFL3"),
    "onnx": Kind("an ONNX model of ours", lambda path: _head(path)[:1] == b"\x08" and b"tf2onnx" in _head(path)[:64]),
}
PICTURES = Kind("a folder whose .png files were all drawn by hrkeras", lambda path: all(map(_is_png, path.glob("*.png"))))
SEARCH = Kind("the folder of a search", _is_search)
DATASET = Kind("a dataset and nothing else", _is_dataset)
