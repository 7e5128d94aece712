"""Checkpoints of other libraries: found or downloaded, and refused where they could run code."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hrkeras.utils.errors import InputError

FILES = ("*.json", "*.safetensors")
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def folder(library: str, place: str, example: str) -> Path:
    """The folder of a checkpoint.

    Args:
        library: whose checkpoint it is, for messages.
        place: a folder, or a name on the Hugging Face hub, from which it is downloaded once and kept.
        example: such a name.

    Raises:
        InputError: if there is none, or its weights are pickled or those of an adapter, which leads to a model elsewhere.
    """
    found = Path(place) if Path(place).is_dir() else _download(library, place, example)
    pickled = sorted(path.name for pattern in PICKLED for path in found.glob(pattern))
    if pickled or not any(found.glob(FILES[1])):
        problem = f"found {pickled[0]}, which could run any code" if pickled else "found none"
        raise InputError(f"{place}: expected weights as .safetensors alone, {problem}; convert them, or take another checkpoint.")
    if (found / "adapter_config.json").exists():
        raise InputError(f"{place}: expected a whole model, found an adapter of another one; merge it into that one first.")
    return found


def _download(library: str, name: str, example: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(FILES)))
    except Exception as error:  # of the network, the hub, or the name
        raise InputError(
            f"{library}: {name} is no folder here, and the Hugging Face hub did not give it ({reason(error)}); give a folder "
            f"with config.json and model.safetensors, or a name on the hub such as {example}."
        ) from None


@contextmanager
def loading(library: str, place: str) -> Iterator[None]:
    """Context in which a library loads a checkpoint: without its messages; whatever it raises becomes an `InputError`."""
    try:
        with quiet():
            yield
    except Exception as error:  # the library raises whatever a damaged checkpoint leads to
        raise InputError(f"{place}: expected a {library} checkpoint, but it cannot be loaded ({reason(error)}).") from None


@contextmanager
def forecasting(library: str) -> Iterator[None]:
    """Context in which a library forecasts: without its messages, the same each time, on what it raises as in `loading`."""
    import torch

    try:
        with quiet(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # the first Chronos models draw samples
            yield
    except Exception as error:  # the library raises whatever an odd checkpoint leads to
        raise InputError(f"{library} cannot forecast with this checkpoint ({reason(error)}); take another one.") from None


@contextmanager
def quiet() -> Iterator[None]:
    """Context without the libraries' messages about long forecasts and loading."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def reason(error: Exception) -> str:
    """The type of an error and the first line of its text."""
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"{type(error).__name__}: {first}".removesuffix(": ").rstrip(".")
