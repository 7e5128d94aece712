"""Puts the page that learns in a browser into a folder: the page, a model, and ONNX Runtime Web from the npm registry.

python docs/demo/build.py FOLDER             (with the base model that comes with hrkeras; needs npm, and nothing installed)
python docs/demo/build.py FOLDER MODEL       (a .keras model, or an .onnx export with its .onnx.json beside it)
"""

import hashlib
import json
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BASE = ROOT / "hrkeras" / "models" / "packaged" / "base.onnx"
PAGE = (".html", ".css", ".js", ".webmanifest")
ICONS = (192, 512)  # pixels
BLUE, WHITE = (0x3F, 0x51, 0xB5), (0xFF, 0xFF, 0xFF)
BEAT = ((0.2, 0.52), (0.36, 0.52), (0.45, 0.3), (0.57, 0.7), (0.66, 0.52), (0.8, 0.52))  # shares of an icon, as in favicon.svg
LINE = 0.035  # half the width of its line
RUNTIME = "onnxruntime-web@1.30.0"
RUNTIME_FILES = ("dist/ort.wasm.bundle.min.mjs", "dist/ort-wasm-simd-threaded.wasm", "package.json")


class BuildError(Exception):
    """The page cannot be built; says why and how to go on."""


def build(folder: Path, model: Path = BASE) -> None:
    """Writes the page into a folder, which is made if missing; of what is there files of the same names are replaced.

    Args:
        folder: where to.
        model: a `.keras` file, or an `.onnx` file from `hrkeras export` with its JSON beside it.

    Raises:
        BuildError: if the model cannot be exported, or npm cannot fetch the runtime.
    """
    (folder / "vendor").mkdir(parents=True, exist_ok=True)
    if model.suffix == ".onnx":
        for suffix in ("", ".json"):
            shutil.copy(f"{model}{suffix}", folder / f"model.onnx{suffix}")
    else:
        _export(model, folder / "model.onnx")
    for name, content in npm(RUNTIME, RUNTIME_FILES).items():
        (folder / "vendor" / Path(name).name).write_bytes(content)
    for path in HERE.rglob("*"):
        if path.suffix in PAGE:
            target = folder / path.relative_to(HERE)
            target.parent.mkdir(exist_ok=True)
            shutil.copy(path, target)
    (folder / "runs" / "sports_table.js").write_text(sports_table(), encoding="utf-8")
    for size in ICONS:
        (folder / f"icon-{size}.png").write_bytes(icon(size))
    write_worker(folder)


def sports_table() -> str:
    """The words that name sports, as a JavaScript module: those of hrkeras, whose module needs nothing installed."""
    sys.path.insert(0, str(ROOT))
    try:
        from hrkeras.workouts.readers import sports
    finally:
        sys.path.remove(str(ROOT))

    def pattern(compiled):
        return compiled.pattern.replace(r"[^\W\d_]", r"\p{L}")

    table = {
        "PATTERNS": {sport: pattern(compiled) for sport, compiled in sports.PATTERNS.items()},
        **{name: pattern(getattr(sports, name)) for name in ("INDOOR", "ON_TREADMILL", "PLACES")},
        "ALONE": sports.ALONE,
        "SILENT": sorted(sports.SILENT),
        "VAGUE": sorted(sports.VAGUE),
        "UNFOLDED": {chr(letter): chr(other) for letter, other in sports.UNFOLDED.items()},
    }
    return "".join(f"export const {name} = {json.dumps(value, ensure_ascii=False)};\n" for name, value in table.items())


def icon(size: int) -> bytes:
    """The page's icon as a PNG, so many pixels wide: a heartbeat; its edges may be cut off by a phone's mask."""
    cover = [[0.0] * size for _ in range(size)]  # share of each pixel that the line covers
    for (left, top), (right, bottom) in zip(BEAT, BEAT[1:], strict=False):
        slope = (bottom - top) / (right - left)
        half = LINE * (1 + slope * slope) ** 0.5 * size
        for x in range(round(left * size), round(right * size)):
            middle = size * top + slope * (x + 0.5 - left * size)
            for y in range(int(middle - half), int(middle + half) + 1):
                cover[y][x] = max(cover[y][x], min(middle + half, y + 1) - max(middle - half, y))
    colours = [
        bytes(round(blue + (white - blue) * share / 255) for blue, white in zip(BLUE, WHITE, strict=True)) for share in range(256)
    ]
    rows = b"".join(b"\0" + b"".join(colours[round(255 * share)] for share in row) for row in cover)
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def write_worker(folder: Path) -> None:
    """Tells the service worker which files there are, and of which version; a page of changed files replaces the one before."""
    worker = folder / "sw.js"
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path != worker)
    digest = hashlib.sha256(worker.read_bytes())
    for name in names:
        digest.update(name.encode() + (folder / name).read_bytes())
    text = worker.read_text(encoding="utf-8").replace("%VERSION%", digest.hexdigest()[:16])
    worker.write_text(text.replace('["%FILES%"]', json.dumps(["./", *names])), encoding="utf-8")


def _export(model: Path, output: Path) -> None:
    print("Exporting the model, which takes up to a minute ...", file=sys.stderr)
    try:
        from hrkeras.export import process
        from hrkeras.utils.errors import InputError
    except ImportError as error:
        raise BuildError(f"Exporting a model needs hrkeras ({error}); install it: pip install '.[onnx]'") from None
    try:
        process.export(model, output, "onnx")
    except InputError as error:
        raise BuildError(str(error)) from None


def npm(package: str, names: tuple[str, ...]) -> dict[str, bytes]:
    """Files of a package of the npm registry by name; npm keeps what it has fetched once.

    Raises:
        BuildError: if there is no npm or it cannot fetch the package.
    """
    if not shutil.which("npm"):
        raise BuildError(f"Fetching {package} needs npm; install it (https://nodejs.org) and run this again.")
    with tempfile.TemporaryDirectory() as place:
        command = ["npm", "pack", package, "--pack-destination", place, "--prefer-offline", "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise BuildError(
                f"npm could not fetch {package} ({done.stderr.strip()[:300]}); look at the connection, run it again."
            )
        with tarfile.open(Path(place, json.loads(done.stdout)[0]["filename"])) as archive:
            return {name: archive.extractfile(f"package/{name}").read() for name in names}


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        build(*map(Path, sys.argv[1:]))
    except (BuildError, OSError) as error:
        sys.exit(str(error))
    print(f"Built. Look at it at http://127.0.0.1:8000 with: python3 -m http.server --bind 127.0.0.1 --directory {sys.argv[1]}")
