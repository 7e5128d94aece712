"""Puts a trained model into the package as its base model: the Keras file, its export to ONNX with JSON, and its card.

python recipes/package_base.py MODEL.keras     (its card, MODEL.md, lies beside it)
"""

import sys
import zipfile
from pathlib import Path

from hrkeras.athlete.population import default, from_dict
from hrkeras.export import process
from hrkeras.utils import packaged
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write

MOST = 1_200_000  # bytes in all


def package(model: Path, folder: Path = packaged.FOLDER) -> list[Path]:
    """Writes the files of the base model; the packaged population must be the model's, since both are used together.

    Args:
        model: a trained `.keras` file with its card beside it.
        folder: where to.

    Raises:
        InputError: if the model cannot be exported, starts from another population, has no card, or is too big.
    """
    card = model.with_suffix(".md")
    if not card.is_file():
        raise InputError(f"{model}: expected its card beside it, {card.name}, as `hrkeras train` writes it.")
    folder.mkdir(exist_ok=True)
    base = folder / f"{packaged.BASE}.keras"
    with zipfile.ZipFile(model) as given, atomic_write(base) as part, zipfile.ZipFile(part, "w") as packed:
        for entry in given.infolist():
            packed.writestr(zipfile.ZipInfo(entry.filename), given.read(entry), zipfile.ZIP_DEFLATED, compresslevel=9)
    exported = base.with_suffix(".onnx")
    facts = process.export(base, exported, "onnx")
    if from_dict(facts["population"]) != default():
        raise InputError(f"{model}: starts from another population than hrkeras/athlete/population.json; write that anew first.")
    text = card.read_text(encoding="utf-8").replace(f"# {model.stem}\n", f"# {packaged.BASE}\n", 1)
    base.with_suffix(".md").write_text(text.replace(model.name, packaged.BASE), encoding="utf-8")
    files = [base, exported, process.description_of(exported), base.with_suffix(".md")]
    if (size := sum(path.stat().st_size for path in files)) > MOST:
        raise InputError(f"{folder}: {size:,} bytes, more than {MOST:,}; train a smaller model.")
    return files


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        for path in package(Path(sys.argv[1])):
            print(f"{path}: {path.stat().st_size:,} bytes")
    except InputError as error:
        sys.exit(str(error))
