"""TiRex-2: an open recurrent model of series, which takes covariates that are known ahead.

Podest et al., "TiRex-2: Generalizing TiRex to Multivariate Data and Streaming", arXiv:2607.01204, 2026.
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
        A function that takes what `foundation.rest.rests` takes and returns the median forecasts.

    Raises:
        InputError: if the package `tirex-2` is missing, or there is no checkpoint, or it may hold code.
    """
    telemetry.off()
    try:
        from tirex2 import load_model
    except ImportError:
        raise InputError("TiRex-2 needs its package; install it with `pip install 'hrkeras[tirex]'`.") from None
    found = folder("TiRex-2", place, "NX-AI/TiRex-2")
    with loading("TiRex-2", place):
        model = load_model(found, device="cpu")
    return partial(rests, partial(_forecast, model))


def _forecast(model, given: Given) -> np.ndarray:
    """A longer rest than the model forecasts at once is made of several forecasts, each from the medians before it."""
    import torch
    from tirex2 import TimeseriesType

    known, by_name = given.series(model.model.context_len)
    covariates = torch.tensor(np.stack(list(by_name.values())), dtype=torch.float32)
    series, end = torch.tensor(known, dtype=torch.float32), covariates.shape[1]
    median = int((model.model.quantiles - 0.5).abs().argmin())
    with forecasting("TiRex-2"), torch.compiler.set_stance("force_eager"):  # compiled, it would be so for every length
        while len(series) < end:
            steps = min(model.model.future_len, end - len(series))
            one = TimeseriesType(series[None], None, covariates[:, : len(series) + steps])
            (quantiles,) = model.forecast([one], prediction_length=steps)
            series = torch.cat([series, quantiles[0, median]])
    return series[len(known) :].numpy().astype(np.float64)
