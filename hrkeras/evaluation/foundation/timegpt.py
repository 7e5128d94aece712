"""TimeGPT, a model behind a service: it is sent what `announcement` says, and only if that was asked for.

Garza, Challu, Mergenthaler-Canseco, "TimeGPT-1", arXiv:2310.03589, 2023.
"""

import logging
import os
from collections.abc import Callable
from functools import partial

import numpy as np

from hrkeras.datasets.windows import Run
from hrkeras.evaluation.baselines import line
from hrkeras.evaluation.foundation.rest import KNOWN, Earlier, Given, has_rest, rests
from hrkeras.utils import telemetry
from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import STEP

MADE_UP_DATE = "2000-01-01"
EVERY = f"{STEP:.0f}s"
RETRIES, WAIT = 4, 15  # times a request is tried, and s between, where the service asks to wait


def forecaster(say: Callable[[str], object], send: bool = False) -> Callable[..., list[np.ndarray] | None]:
    """Gets ready to ask TimeGPT; the key is in the environment as NIXTLA_API_KEY, another address as NIXTLA_BASE_URL.

    Args:
        say: called with what will be sent, before it is sent.
        send: whether to send it; if not, nothing leaves this machine and neither key nor client is needed.

    Returns:
        A function that takes `runs`, `shown`, `on_run` and `earlier` as `foundation.rest.rests` does and returns the same, None
        if nothing was sent; earlier runs are not sent.

    Raises:
        InputError: if there is no key or no client; the returned function raises it if the service cannot be used.
    """
    client = _client() if send else None

    def forecasts(
        runs: list[Run],
        shown: list[np.ndarray],
        on_run: Callable[[int], object] | None = None,
        earlier: Earlier | None = None,
    ) -> list[np.ndarray] | None:
        say(announcement(sum(map(has_rest, shown))))
        if client is None:
            say("Nothing was sent.")
            return None
        return rests(partial(_forecast, client), runs, shown, on_run)

    return forecasts


def announcement(runs: int) -> str:
    """What is sent for so many runs, and where to."""
    return (
        f"For TimeGPT at {_address()}: {runs:,} runs, one request each, with the columns ds (steps of {STEP:.0f} s from the "
        f"made-up date {MADE_UP_DATE}), y (heart rate of the first {KNOWN * STEP / 60:.0f} minutes, gaps filled), speed and "
        "graded_speed of the whole run (m/s; together they reveal its slopes). No position, altitude, name or real date."
    )


def _address() -> str:
    return os.environ.get("NIXTLA_BASE_URL") or "https://api.nixtla.io"


def _client():
    key = os.environ.get("NIXTLA_API_KEY", "").strip()
    if not key:
        raise InputError("TimeGPT needs a key in NIXTLA_API_KEY, found none; get one from Nixtla, or leave timegpt out.")
    telemetry.off()
    try:
        from nixtla import NixtlaClient
    except ImportError:
        raise InputError("TimeGPT needs its client; install it with `pip install 'hrkeras[timegpt]'`.") from None
    logging.root.setLevel(logging.WARNING)  # which importing the client had lowered
    logging.getLogger("nixtla").setLevel(logging.CRITICAL)
    return NixtlaClient(api_key=key, base_url=_address(), max_retries=RETRIES, retry_interval=WAIT)


def _forecast(client, given: Given) -> np.ndarray:
    import httpx
    import pandas as pd
    from nixtla import ApiError

    rows = pd.DataFrame({"ds": pd.date_range(MADE_UP_DATE, periods=KNOWN + given.rest, freq=EVERY), **given.covariates})
    past = rows[:KNOWN].assign(y=line(given.heart_rate, given.heart_rate))
    try:
        answer = client.forecast(past, h=given.rest, freq=EVERY, X_df=rows[KNOWN:])
        return answer["TimeGPT"].to_numpy(np.float64)
    except ApiError as error:
        raise InputError(f"TimeGPT at {_address()} {_refusal(error.status_code)}.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InputError(
            f"TimeGPT at {_address()} cannot be reached ({type(error).__name__}); look at the network and NIXTLA_BASE_URL."
        ) from None
    except (KeyError, TypeError, ValueError) as error:  # not shown: it may quote the key
        raise InputError(
            f"TimeGPT at {_address()} was not understood ({type(error).__name__}); look at NIXTLA_API_KEY, NIXTLA_BASE_URL and "
            "the client's version."
        ) from None


def _refusal(status: int | None) -> str:
    if status in (401, 403):
        return f"does not take the key in NIXTLA_API_KEY (status {status}); look at it, or get another"
    if status == 429:
        return "answers that these are too many requests (status 429); wait, or look at what your plan allows"
    return f"gave no forecast (status {status}); try again later, or leave timegpt out"
