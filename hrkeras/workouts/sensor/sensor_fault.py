"""A stretch of a run in which the heart rate sensor was wrong."""

from typing import NamedTuple

RIDE = "ride"  # no fault of the sensor, but no run either
KINDS = {
    "dropout": "no heart rate for a while",
    "flat line": "one value for minutes",
    "spikes": "up and down again in seconds",
    "slow start": "wrong at first",
    "cadence lock": "steps counted as beats",
    RIDE: "a part that was ridden or driven, no fault of the sensor",
}  # with what the heart rate looks like


class Fault(NamedTuple):
    """A stretch of a run in which the heart rate is not the heart's.

    Attributes:
        kind: one of `KINDS`.
        begin: s since the start of the run.
        end: s since the start of the run.
        why: how it was recognised, in words.
    """

    kind: str
    begin: float
    end: float
    why: str
