import multiprocessing
import os
import time
from operator import neg

import pytest

from hrkeras.utils.errors import InputError
from hrkeras.utils.processes import cores, ordered_map


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_results_come_in_order(processes, count):
    assert list(ordered_map(neg, range(count), processes)) == [-item for item in range(count)]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("few", [0, 2, 100])
def test_items_that_need_no_work_keep_their_place(processes, few):
    items = [None] * 30 + [1, None, 2, None, 3, None, None, 4] + [None] * 30 + [5]
    assert list(ordered_map(neg, items, processes, few)) == [item and -item for item in items]


def test_few_items_need_no_process():
    results = ordered_map(pid, [1, None, 2], 2, few=2)
    assert list(results) == [os.getpid(), None, os.getpid()]
    assert os.getpid() not in list(ordered_map(pid, [1, 2, 3], 2, few=2))


def test_only_some_items_are_looked_at_before():
    read = []
    results = ordered_map(neg, (read.append(item) or item for item in [1, *[None] * 100]), 2, few=2)
    assert next(results) == -1
    assert len(read) == 9


def test_at_least_one_process_can_work():
    assert 1 <= cores() <= 16


def pid(item):
    return os.getpid()


def test_big_items_and_results_do_not_block():
    big = [bytes(3_000_000) for _ in range(6)]
    assert list(ordered_map(bytes, big, 2)) == big


def test_items_are_read_as_they_are_needed():
    read = []
    results = ordered_map(neg, (read.append(item) or item for item in range(100)), 2)
    next(results)
    assert len(read) == 3
    results.close()
    assert not multiprocessing.active_children()


def half(number):
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


@pytest.mark.parametrize("processes", [1, 2])
def test_an_exception_comes_out_where_its_result_would(processes):
    results = ordered_map(half, [2, 4, 5, 6], processes)
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(ValueError, match="5 is odd"):
        next(results)
    assert not multiprocessing.active_children()


def test_a_killed_process_ends_the_work():
    with pytest.raises(InputError, match="has ended"):
        list(ordered_map(os._exit, range(5), 2))
    assert not multiprocessing.active_children()


def test_processes_end_when_reading_fails():
    def items():
        yield 1
        yield 2
        yield 3
        raise InputError("damaged")

    with pytest.raises(InputError, match="damaged"):
        list(ordered_map(neg, items(), 2))
    began = time.monotonic()
    while multiprocessing.active_children():
        assert time.monotonic() - began < 5
