"""The architectures: each a function that returns a functional `keras.Model` with the same inputs and output.

Inputs, a dict: `time` (s since the run began), `speed` (m/s), `altitude` (m) and `valid` (1 in the run, 0 in
padding), each `(batch, steps)`; `run_seconds` (s, length of the whole run), `(batch, 1)`; and `history`,
`(batch, len(history.COLUMNS))`, NaN where nothing is known.
Output: heart rate in beats/min, `(batch, steps)`; what it says in padding means nothing.
"""

from hrkeras.models.frame import Statistics
from hrkeras.models.gru import gru
from hrkeras.models.lstm import lstm

MODELS = {"gru": gru, "lstm": lstm}

__all__ = ["MODELS", "Statistics", "gru", "lstm"]
