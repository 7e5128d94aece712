"""Layers that Keras lacks, in `keras.ops` only, so that they run on every backend; and recurrent layers with fast kernels."""

from hrkeras.layers.correction import Correction
from hrkeras.layers.expected_features import ExpectedFeatures
from hrkeras.layers.exponential_averages import ExponentialAverages
from hrkeras.layers.known_heart_rate import KnownHeartRate
from hrkeras.layers.lag_tokens import LagTokens
from hrkeras.layers.llama_block import LlamaBlock
from hrkeras.layers.modulation import Modulation
from hrkeras.layers.own_loss import OwnLoss
from hrkeras.layers.partly_known import PartlyKnown
from hrkeras.layers.patches import Patches, Steps
from hrkeras.layers.person_embedding import PersonEmbedding
from hrkeras.layers.recurrent import GRU, LSTM, Bidirectional
from hrkeras.layers.run_features import RunFeatures
from hrkeras.layers.student_t import StudentT
from hrkeras.layers.time_left import TimeLeft
from hrkeras.layers.weighted_mean import WeightedMean
from hrkeras.layers.windowed_attention import WindowedAttention

__all__ = [
    "GRU",
    "LSTM",
    "Bidirectional",
    "Correction",
    "ExpectedFeatures",
    "ExponentialAverages",
    "KnownHeartRate",
    "LagTokens",
    "LlamaBlock",
    "Modulation",
    "OwnLoss",
    "PartlyKnown",
    "Patches",
    "PersonEmbedding",
    "RunFeatures",
    "Steps",
    "StudentT",
    "TimeLeft",
    "WeightedMean",
    "WindowedAttention",
]
