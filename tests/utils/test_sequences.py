"""Sequences of others' items."""

import numpy as np
import pytest

from hrkeras.utils.sequences import Chained, Selected


def test_some_items_of_a_sequence_and_some_of_those():
    some = Selected("abcdef", np.array([5, 0, 3]))
    assert list(some) == ["f", "a", "d"]
    assert (some[-1], list(some[1:])) == ("d", ["a", "d"])
    assert list(Selected(some, np.array([2, 2, 0]))) == ["d", "d", "f"]
    with pytest.raises(IndexError):
        some[3]


def test_sequences_one_after_the_other():
    both = Chained(["ab", "", "cde"])
    assert list(both) == list("abcde")
    assert (len(both), both[-1], list(both[1:4])) == (5, "e", ["b", "c", "d"])
    with pytest.raises(IndexError):
        both[5]
