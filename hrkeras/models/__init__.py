"""The architectures: each a function that returns a functional `keras.Model` with the same inputs and output.

Inputs, a dict of float32:

| name | shape | unit and meaning |
|---|---|---|
| `time` | `(batch, steps)` | s since the run began |
| `speed` | `(batch, steps)` | m/s |
| `altitude` | `(batch, steps)` | m |
| `valid` | `(batch, steps)` | 1 in the run, 0 in padding, which lies at its end |
| `heart_rate` | `(batch, steps)` | beats/min, known heart rate; NaN where unknown and in padding |
| `expected` | `(batch, steps, len(EXPECTED))` | beats/min, what the athlete's state predicts, as named by `athlete.EXPECTED` |
| `delay` | `(batch, 1)` | s; above 0, a step knows `heart_rate` only up to that long before it, at 0 all of it |
| `course` | `(batch, len(COURSE_FACTS))` | facts of the whole course, as named by `athlete.COURSE_FACTS`; NaN where unknown |
| `history` | `(batch, len(COLUMNS))` | summary of earlier runs, as named by `history.COLUMNS`; NaN where unknown |
| `trust` | `(batch, 1)` | shrinkage: how much of the difference from `expected` counts, 0 to 1, see `athlete.shrinkage` |
| `person` | `(batch, 1)` | number of the person, from `splits.person_numbers`; NaN where unknown |

`Windows.inputs` makes them. Without a known course, `Known.course_share` must also be subtracted from `expected`.

Output: heart rate in beats/min, `(batch, steps)`; values in padding are meaningless. It is the sum of a prediction
without the run's own heart rate and a correction from its known heart rate, which is exactly 0 where none is known.

Example:
    >>> import hrkeras
    >>> model = hrkeras.models.lstm(units=32, num_layers=1)
    >>> model.output.shape
    (None, None)
    >>> sorted(hrkeras.models.MODELS)
    ['attention', 'gru', 'lag_llama', 'lstm', 'multitask', 'patchtst']
"""

from collections.abc import Callable
from functools import partial

import keras

from hrkeras.models.attention import attention
from hrkeras.models.ensemble import ensemble, members
from hrkeras.models.frame import Statistics
from hrkeras.models.gru import gru
from hrkeras.models.lag_llama import distribution, lag_llama
from hrkeras.models.lstm import lstm
from hrkeras.models.multitask import multitask, speed_model
from hrkeras.models.patchtst import patchtst
from hrkeras.utils.presets import PRESETS

MODELS: dict[str, Callable[..., keras.Model]] = {
    "attention": attention,
    "gru": gru,
    "lag_llama": lag_llama,
    "lstm": lstm,
    "multitask": multitask,
    "patchtst": patchtst,
}


def preset(name: str, **options) -> partial[keras.Model]:
    """A function that builds a model of a preset size.

    Args:
        name: one of `presets.PRESETS`.
        **options: arguments of the architecture in place of the preset's.
    """
    architecture, usual = PRESETS[name]
    return partial(MODELS[architecture], **usual | options)


__all__ = [
    "MODELS",
    "PRESETS",
    "Statistics",
    "attention",
    "distribution",
    "ensemble",
    "gru",
    "lag_llama",
    "lstm",
    "members",
    "multitask",
    "patchtst",
    "preset",
    "speed_model",
]
