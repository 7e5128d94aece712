"""Puts the page that predicts in a browser into a folder: the page, a model, and ONNX Runtime Web from the npm registry.

python docs/demo/build.py FOLDER             (with the base model that comes with hrkeras; needs npm, and nothing installed)
python docs/demo/build.py FOLDER MODEL       (a .keras model, or an .onnx export with its .onnx.json beside it)
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASE = HERE.parents[1] / "hrkeras" / "models" / "packaged" / "base.onnx"
PAGE = (".html", ".css", ".js")
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
    for path in HERE.iterdir():
        if path.suffix in PAGE:
            shutil.copy(path, folder)


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
