"""Refuse data that do not fit into memory, before it runs out."""

from pathlib import Path

from hrkeras.athlete.kalman import EXPECTED
from hrkeras.datasets.runs import Runs
from hrkeras.datasets.windows import STEP_FIELDS, WHOLE
from hrkeras.utils.errors import InputError

NUMBER = 4  # bytes


def check(runs: Runs) -> None:
    """Checks that what is known before each run, twice, and windows as long as whole runs fit into memory.

    Raises:
        InputError: if they do not; where the system does not tell how much is free, never.
    """
    free = available()
    a_step = NUMBER * (len(EXPECTED) + len(STEP_FIELDS))
    padded = len(runs) * min(int(runs.steps.max()), WHOLE)
    needed = a_step * padded + 2 * NUMBER * len(EXPECTED) * int(runs.steps.sum())
    if free is not None and needed > free:
        raise InputError(
            f"Models are audited and scored with all runs in memory: {len(runs):,} runs need about {needed / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free; build a dataset of fewer people, or use a machine with more memory."
        )


def available() -> int | None:
    """Bytes of memory that are free or can be freed; None if the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None
