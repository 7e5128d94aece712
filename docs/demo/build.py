"""Puts the page that predicts in a browser into a folder: the page, a model, and ONNX Runtime Web from the npm registry.

python docs/demo/build.py MODEL.keras FOLDER     (or MODEL.onnx, with MODEL.onnx.json beside it)
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from hrkeras.export import process
from hrkeras.utils.errors import InputError

HERE = Path(__file__).resolve().parent
PAGE = (".html", ".css", ".js")
RUNTIME = "onnxruntime-web@1.30.0"
RUNTIME_FILES = ("dist/ort.wasm.bundle.min.mjs", "dist/ort-wasm-simd-threaded.wasm", "package.json")


def build(model: Path, folder: Path) -> None:
    """Writes the page into a folder, which is made if missing; of what is there files of the same names are replaced.

    Args:
        model: a `.keras` file, or an `.onnx` file from `hrkeras export` with its JSON beside it.
        folder: where to.

    Raises:
        InputError: if the model cannot be exported or found, or npm cannot fetch the runtime.
    """
    (folder / "vendor").mkdir(parents=True, exist_ok=True)
    if model.suffix == ".onnx":
        for suffix in ("", ".json"):
            shutil.copy(f"{model}{suffix}", folder / f"model.onnx{suffix}")
    else:
        process.export(model, folder / "model.onnx", "onnx")
    for name, content in npm(RUNTIME, RUNTIME_FILES).items():
        (folder / "vendor" / Path(name).name).write_bytes(content)
    for path in HERE.iterdir():
        if path.suffix in PAGE:
            shutil.copy(path, folder)


def npm(package: str, names: tuple[str, ...]) -> dict[str, bytes]:
    """Files of a package of the npm registry by name; npm keeps what it has fetched once.

    Raises:
        InputError: if there is no npm or it cannot fetch the package.
    """
    if not shutil.which("npm"):
        raise InputError(f"Fetching {package} needs npm; install it (https://nodejs.org) and run this again.")
    with tempfile.TemporaryDirectory() as place:
        command = ["npm", "pack", package, "--pack-destination", place, "--prefer-offline", "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise InputError(
                f"npm could not fetch {package} ({done.stderr.strip()[:300]}); look at the connection, run it again."
            )
        with tarfile.open(Path(place, json.loads(done.stdout)[0]["filename"])) as archive:
            return {name: archive.extractfile(f"package/{name}").read() for name in names}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print("Exporting the model, which takes up to a minute, and fetching ONNX Runtime Web ...", file=sys.stderr)
    try:
        build(Path(sys.argv[1]), Path(sys.argv[2]))
    except (InputError, OSError) as error:
        sys.exit(str(error))
    print(f"Built. Look at it with: python -m http.server --bind 127.0.0.1 --directory {sys.argv[2]}")
