"""Training on several devices: each has the whole model and computes a part of each batch."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from hrkeras.training import hosts
from hrkeras.utils.errors import InputError


@contextmanager
def devices(count: int) -> Iterator[int]:
    """While it lasts, what is built and trained is so on the first `count` devices of JAX; of several hosts, on all devices.

    Yields:
        Their number.

    Raises:
        InputError: if there are fewer devices, or the backend is another one than JAX.
    """
    if count == 1 and hosts.count() == 1:
        yield count
        return
    if (backend := keras.backend.backend()) != "jax":
        raise InputError(f"Training on several devices needs the backend jax, found {backend}; give --backend jax.", "devices")
    found = keras.distribution.list_devices()
    if hosts.count() > 1:
        count = len(found)
    if len(found) < count:
        raise InputError(f"Expected at most {len(found)} devices, the number of those that JAX finds, found {count}.", "devices")
    with keras.distribution.DataParallel(devices=found[:count], auto_shard_dataset=False).scope():
        yield count


def shared(inputs: dict[str, np.ndarray], wanted: dict[str, np.ndarray], count: int) -> tuple[dict, dict]:
    """This host's part of a batch that so many devices can share.

    Rows are repeated until their number divides, and nothing is wanted of these.

    Args:
        inputs: by name, shape `(batch, ...)`.
        wanted: heart rate in beats/min by output, shape `(batch, steps)`; NaN where none is wanted.
        count: of devices.
    """
    if missing := -len(inputs["time"]) % count:
        inputs = {name: np.concatenate([values, values[:1].repeat(missing, axis=0)]) for name, values in inputs.items()}
        nothing = ((0, missing), (0, 0))
        wanted = {name: np.pad(values, nothing, constant_values=np.nan) for name, values in wanted.items()}
    if (parts := hosts.count()) > 1:
        rows = len(inputs["time"]) // parts
        mine = slice(rows * hosts.number(), rows * (hosts.number() + 1))
        inputs, wanted = ({name: values[mine] for name, values in each.items()} for each in (inputs, wanted))
    return inputs, wanted
