"""What Keras lacks, in `keras.ops` only, so that it runs on every backend."""

from hrkeras.layers.history_features import HistoryFeatures
from hrkeras.layers.modulation import Modulation
from hrkeras.layers.profile_summary import ProfileSummary
from hrkeras.layers.run_features import RunFeatures
from hrkeras.layers.time_left import TimeLeft

__all__ = ["HistoryFeatures", "Modulation", "ProfileSummary", "RunFeatures", "TimeLeft"]
