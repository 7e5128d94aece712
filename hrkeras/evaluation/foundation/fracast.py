"""Fracast-0: a model of series so small that its weights come with its package. It takes no covariates.

https://github.com/ztxtech/fracast-0, 85,001 weights, Apache 2.0.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from hrkeras.evaluation.foundation.checkpoint import forecasting
from hrkeras.evaluation.foundation.rest import Given, rests
from hrkeras.utils import telemetry
from hrkeras.utils.errors import InputError


def load() -> Callable[..., list[np.ndarray]]:
    """Loads the weights of the package.

    Returns:
        A function that takes what `foundation.rest.rests` takes and returns the median forecasts, from the heart rate of the
        run and of the person's earlier runs.

    Raises:
        InputError: if the package `fracast` is missing.
    """
    telemetry.off()
    try:
        from fracast import FracastModel
    except ImportError:
        raise InputError("Fracast needs its package, which holds its weights; install it with `pip install fracast`.") from None
    return partial(rests, partial(_forecast, FracastModel.from_pretrained(weights="fp32")))


def _forecast(model, given: Given) -> np.ndarray:
    with forecasting("Fracast"):
        quantiles = model.forecast(given.series(model.context_length)[0], horizon=given.rest)
    return quantiles[:, model.quantiles.index(0.5)].astype(np.float64)
