"""Chronos: open models of series of any kind.

Ansari et al., "Chronos: Learning the Language of Time Series", TMLR 2024, and "Chronos-2: From Univariate to Universal
Forecasting", arXiv:2510.15821, 2025.
"""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from hrkeras.evaluation.foundation.rest import KNOWN, rests
from hrkeras.utils import telemetry
from hrkeras.utils.errors import InputError

FILES = ("*.json", "*.safetensors")
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def load(place: str) -> Callable[..., list[np.ndarray]]:
    """Loads a checkpoint without running any code in it.

    Args:
        place: a folder, or a name on the Hugging Face hub, from which it is downloaded once and kept.

    Returns:
        A function that takes `runs`, `shown` and `on_run` as `foundation.rest.rests` does and returns the median
        forecasts. Chronos-2 knows speed and graded speed of the whole run; earlier models see heart rate alone.

    Raises:
        InputError: if the package `chronos-forecasting` is missing, or there is no checkpoint, or it may hold code.
    """
    telemetry.off()
    try:
        from chronos import BaseChronosPipeline
        from transformers.utils.logging import disable_progress_bar
    except ImportError:
        raise InputError("Chronos needs a package; install it with `pip install 'hrkeras[chronos]'`.") from None
    folder = Path(place) if Path(place).is_dir() else _download(place)
    _check(folder, place)
    disable_progress_bar()
    try:
        with _quiet():
            safe = {"use_safetensors": True, "trust_remote_code": False, "local_files_only": True}
            pipeline = BaseChronosPipeline.from_pretrained(folder, dtype="float32", **safe)
    except Exception as error:  # the library raises whatever a damaged checkpoint leads to
        raise InputError(f"{place}: expected a Chronos checkpoint, but it cannot be loaded ({_reason(error)}).") from None
    return partial(rests, partial(_forecast, pipeline))


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(FILES)))
    except Exception as error:  # of the network, the hub, or the name
        raise InputError(
            f"Chronos: {name} is no folder here, and the Hugging Face hub did not give it ({_reason(error)}); give a folder with "
            "config.json and model.safetensors, or a name on the hub such as amazon/chronos-2."
        ) from None


def _check(folder: Path, place: str) -> None:
    """Refuses weights that are pickled, and adapters, which lead to a model elsewhere."""
    pickled = sorted(path.name for pattern in PICKLED for path in folder.glob(pattern))
    if pickled or not any(folder.glob(FILES[1])):
        problem = f"found {pickled[0]}, which could run any code" if pickled else "found none"
        raise InputError(f"{place}: expected weights as .safetensors alone, {problem}; convert them, or take another checkpoint.")
    if (folder / "adapter_config.json").exists():
        raise InputError(f"{place}: expected a whole model, found an adapter of another one; merge it into that one first.")


def _forecast(pipeline, known: np.ndarray, covariates: dict[str, np.ndarray]) -> np.ndarray:
    import torch
    from chronos import Chronos2Pipeline

    series: object = torch.tensor(known, dtype=torch.float32)
    if isinstance(pipeline, Chronos2Pipeline):
        series = {
            "target": known,
            "past_covariates": {name: values[:KNOWN] for name, values in covariates.items()},
            "future_covariates": {name: values[KNOWN:] for name, values in covariates.items()},
        }
    steps = len(covariates["speed"]) - KNOWN
    try:
        with _quiet(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # the first Chronos models draw samples
            quantiles, _ = pipeline.predict_quantiles([series], prediction_length=steps, quantile_levels=[0.5])
    except Exception as error:  # the library raises whatever an odd checkpoint leads to
        raise InputError(f"Chronos cannot forecast with this checkpoint ({_reason(error)}); take another one.") from None
    return np.asarray(quantiles[0], np.float64).ravel()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' messages about long forecasts and loading."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _reason(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"{type(error).__name__}: {first}".removesuffix(": ").rstrip(".")
