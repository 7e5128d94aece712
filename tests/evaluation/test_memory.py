"""Data that do not fit into memory are refused before it runs out."""

import pytest
from made_up import made_up

from hrkeras.evaluation import memory
from hrkeras.utils.errors import InputError


def test_more_runs_than_fit_are_refused(monkeypatch):
    runs = made_up(people=3, runs=10, steps=(60, 100))
    needed = 60 * len(runs) * runs.steps.max() + 80 * runs.steps.sum()  # bytes: windows of 15 numbers a step, filters' of 2 x 10
    monkeypatch.setattr(memory, "available", lambda: int(needed))
    memory.check(runs)
    monkeypatch.setattr(memory, "available", lambda: int(needed) - 1)
    with pytest.raises(InputError, match=r"30 runs need about 0\.0 GB, and 0\.0 GB are free; build a dataset of fewer people"):
        memory.check(runs)
    monkeypatch.setattr(memory, "available", lambda: None)
    memory.check(runs)


def test_this_system_says_how_much_is_free_or_nothing():
    assert memory.available() is None or 1e6 < memory.available() < 1e15
