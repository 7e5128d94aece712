"""Chronos: open models of series of any kind.

Ansari et al., "Chronos: Learning the Language of Time Series", TMLR 2024, and "Chronos-2: From Univariate to Universal
Forecasting", arXiv:2510.15821, 2025.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from hrkeras.evaluation.foundation.checkpoint import folder, forecasting, loading
from hrkeras.evaluation.foundation.rest import Given, rests
from hrkeras.utils import telemetry
from hrkeras.utils.errors import InputError


def load(place: str) -> Callable[..., list[np.ndarray]]:
    """Loads a checkpoint without running any code in it.

    Args:
        place: a folder, or a name on the Hugging Face hub, from which it is downloaded once and kept.

    Returns:
        A function that takes what `foundation.rest.rests` takes and returns the median forecasts. Chronos-2 knows speed and
        graded speed of the whole run and the person's earlier runs, as many as its context holds; earlier models see the
        heart rate of the run alone.

    Raises:
        InputError: if the package `chronos-forecasting` is missing, or there is no checkpoint, or it may hold code.
    """
    telemetry.off()
    try:
        from chronos import BaseChronosPipeline
        from transformers.utils.logging import disable_progress_bar
    except ImportError:
        raise InputError("Chronos needs a package; install it with `pip install 'hrkeras[chronos]'`.") from None
    found = folder("Chronos", place, "amazon/chronos-2")
    disable_progress_bar()
    with loading("Chronos", place):
        safe = {"use_safetensors": True, "trust_remote_code": False, "local_files_only": True}
        pipeline = BaseChronosPipeline.from_pretrained(found, dtype="float32", **safe)
    return partial(rests, partial(_forecast, pipeline))


def _forecast(pipeline, given: Given) -> np.ndarray:
    import torch
    from chronos import Chronos2Pipeline

    series: object = torch.tensor(given.heart_rate, dtype=torch.float32)
    if isinstance(pipeline, Chronos2Pipeline):
        known, covariates = given.series(pipeline.model_context_length)
        series = {
            "target": known,
            "past_covariates": {name: values[: len(known)] for name, values in covariates.items()},
            "future_covariates": {name: values[len(known) :] for name, values in covariates.items()},
        }
    with forecasting("Chronos"):
        quantiles, _ = pipeline.predict_quantiles([series], prediction_length=given.rest, quantile_levels=[0.5])
    return np.asarray(quantiles[0], np.float64).ravel()
