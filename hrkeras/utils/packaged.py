"""The models that come with the package: for each a .keras file, its export to ONNX with JSON, and its card."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "models" / "packaged"
BASE = "base"


def file(name: str | Path, suffix: str = ".keras") -> Path | None:
    """The file of a packaged model.

    Args:
        name: of the model, such as "base"; anything else that a person may give for a model is none.
        suffix: ".keras", ".onnx" or ".md".

    Returns:
        None if no model of this name comes with the package.
    """
    path = FOLDER / f"{name}{suffix}"
    return path if path.parent == FOLDER and path.is_file() else None
