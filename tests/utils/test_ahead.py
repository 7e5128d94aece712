"""Items that a thread makes ahead."""

import gc
import threading

import pytest

from hrkeras.utils.ahead import Ahead


def test_the_items_come_in_order_and_end():
    ahead = Ahead(iter_of(range(5)))
    assert list(ahead) == [0, 1, 2, 3, 4]
    with pytest.raises(StopIteration):
        next(ahead)


def iter_of(items, made=None, closed=None):
    try:
        for item in items:
            if made is not None:
                made.append(item)
            yield item
    finally:
        if closed is not None:
            closed.set()


def test_one_is_made_ahead_and_no_second():
    made, closed, others = [], threading.Event(), threading.active_count()
    ahead = Ahead(iter_of(range(9), made, closed))
    assert next(ahead) == 0
    assert next(ahead) == 1
    ahead.close()
    assert len(made) <= 3
    assert closed.is_set()
    assert threading.active_count() == others


def test_an_error_of_the_generator_is_raised_where_its_item_is_asked_for():
    def items():
        yield 1
        raise OSError("full")

    ahead = Ahead(items())
    assert next(ahead) == 1
    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            next(ahead)


def test_who_forgets_it_ends_it():
    closed = threading.Event()
    ahead = Ahead(iter_of(range(9), closed=closed))
    assert next(ahead) == 0
    del ahead
    gc.collect()
    assert closed.wait(10)
