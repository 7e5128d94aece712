"""TimesFM 3: Google's model of series, which takes covariates that are known ahead; its weights are not free for every use.

Das et al., "A decoder-only foundation model for time-series forecasting", ICML 2024; version 3 of August 2026.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from hrkeras.evaluation.baselines import line
from hrkeras.evaluation.foundation.checkpoint import folder, forecasting, loading
from hrkeras.evaluation.foundation.rest import Given, rests
from hrkeras.utils import telemetry
from hrkeras.utils.errors import InputError

LICENCE = "timesfm-non-commercial-license-v1.0"  # of the weights of version 3, as the package's own page names it
CONTEXT = 8192  # steps; it would take up to 15,360


def load(place: str) -> Callable[..., list[np.ndarray]]:
    """Loads a checkpoint without running any code in it; whoever calls this has accepted `LICENCE`.

    Args:
        place: a folder, or a name on the Hugging Face hub, from which it is downloaded once and kept.

    Returns:
        A function that takes what `foundation.rest.rests` takes and returns the median forecasts.

    Raises:
        InputError: if the package `timesfm` is missing, or there is no checkpoint, or it may hold code.
    """
    telemetry.off()
    try:
        from timesfm3 import TimesFM3Forecaster
    except ImportError:
        raise InputError("TimesFM needs its package; install it with `pip install 'timesfm[torch]>=3'`.") from None
    found = folder("TimesFM", place, "google/timesfm-3.0-pytorch")
    with loading("TimesFM", place):
        model = TimesFM3Forecaster.from_pretrained(str(found), device="cpu", local_files_only=True)
    return partial(rests, partial(_forecast, model))


def _forecast(model, given: Given) -> np.ndarray:
    known, covariates = given.series(CONTEXT)
    ahead = np.stack(list(covariates.values())).astype(np.float32)
    with forecasting("TimesFM"):
        found = model.predict(line(known, known).astype(np.float32), given.rest, past_future_covariates=ahead)
    return np.asarray(found.forecast, np.float64).ravel()
