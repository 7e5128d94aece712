"""Sequences that hold no copy of their items: some of another's, or several one after the other."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, TypeVar, overload

import numpy as np

Item = TypeVar("Item")


class Selected(Sequence[Item]):
    """Some items of a sequence, each fetched when it is asked for.

    Args:
        items: the sequence.
        places: of the items, integers of shape `(items,)`.
    """

    def __init__(self, items: Sequence[Item], places: np.ndarray):
        self._items: Sequence[Item] = items
        self._places = np.asarray(places, np.int64)
        if isinstance(items, Selected):
            self._items, self._places = items._items, items._places[self._places]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> "Selected[Item]": ...
    def __getitem__(self, place: Any) -> Any:
        return Selected(self._items, self._places[place]) if isinstance(place, slice) else self._items[int(self._places[place])]


class Chained(Sequence[Item]):
    """The items of several sequences, one after the other."""

    def __init__(self, parts: Sequence[Sequence[Item]]):
        self._parts, self._ends = parts, list(accumulate(map(len, parts), initial=0))

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Selected(self, np.arange(len(self))[place])
        part = bisect_right(self._ends, range(len(self))[place]) - 1
        return self._parts[part][range(len(self))[place] - self._ends[part]]
