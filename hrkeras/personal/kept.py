"""Keep what was computed of a person's runs beside what was read from their files, so that only new runs are computed.

Runs are taken in blocks, and an entry is named by a hash of all that the result of a block depends on, so that nothing but the
time it takes depends on whether there is one. The blocks are the same with and without a cache.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

import numpy as np

from hrkeras.workouts.readers.cache import Cache, Source, code

ENTRY = "entry"  # array with the entry's own name
BLOCK = 64  # runs at most; few enough that a full one is soon computed anew, and enough to predict together
T = TypeVar("T")
_cache: ContextVar[Cache | None] = ContextVar("cache", default=None)


@contextmanager
def using(cache: Cache | None) -> Iterator[None]:
    """Until the end of this context, what is computed is kept in a cache, or with None nowhere."""
    token = _cache.set(cache)
    try:
        yield
    finally:
        _cache.reset(token)
        if cache:
            cache.trim()


def blocks(count: int) -> Iterator[slice]:
    """So many runs in blocks of `BLOCK`, and the rest in ever smaller powers of two: of one more run few blocks are others."""
    begin = 0
    while begin < count:
        end = begin + min(BLOCK, 1 << (count - begin).bit_length() - 1)
        yield slice(begin, end)
        begin = end


def arrays(depends_on: Iterable[Any], compute: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What a function computes: arrays by name, none of them of objects.

    Args:
        depends_on: arrays, and values that `repr` tells apart, with what the result depends on; its name among them.
        compute: called if the result is not known.
    """
    cache = _cache.get()
    if cache is None:
        return compute()
    source = Source((), (code("."), np.__version__, _digest(depends_on)))
    known = cache.get(source, partial(_unpack, source.name))
    if known is None:
        known = compute()
        packed = io.BytesIO()
        np.savez(packed, **{ENTRY: np.array(source.name)}, **known)  # type: ignore[arg-type]
        cache.put(source, packed.getvalue())
    return known


def rows(
    about: Iterable[Any], items: Sequence[T], depends_on: Callable[[T], Iterable[Any]], compute: Callable[[T], Any]
) -> list[Any]:
    """What a function computes of each of some runs, as JSON expresses it.

    Args:
        about: what the results of all runs depend on, as in `arrays`.
        items: the runs.
        depends_on: what the result of one depends on, likewise.
        compute: called with each run whose result is not known.
    """
    found = []
    for block in blocks(len(items)):
        some = items[block]

        def computed(some: Sequence[T] = some) -> dict[str, np.ndarray]:
            return {"rows": np.array(json.dumps([compute(item) for item in some]))}

        known = arrays([*about, *(value for item in some for value in depends_on(item))], computed)
        found += json.loads(str(known["rows"]))
    return found


def _digest(values: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for value in values:
        is_array = isinstance(value, np.ndarray)
        about = (value.dtype.str, value.shape) if is_array else value
        digest.update(f"{about!r}\0".encode(errors="surrogatepass"))
        if is_array:
            digest.update(value.tobytes())
    return digest.hexdigest()


def _unpack(name: str, packed: bytes) -> dict[str, np.ndarray]:
    """The arrays of the entry of a name; raises an exception if they are of another."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as known:
        if str(known[ENTRY]) != name:
            raise ValueError(f"of another entry than {name}")
        return {key: known[key] for key in known.files if key != ENTRY}
