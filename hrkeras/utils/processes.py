"""Distribute work over processes."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from multiprocessing.connection import Connection
from typing import Any

from hrkeras.utils import children
from hrkeras.utils.errors import InputError

LOST = (EOFError, BrokenPipeError, ConnectionResetError)  # what a pipe raises when its other end is closed
MOST = 16  # processes, each of which has some 100 MB
AHEAD = 4  # times `few` items are looked at, to see whether processes are worth their start


def cores() -> int:
    """How many processes can work at once on this machine, at most `MOST`."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST)


def ordered_map(function: Callable[[Any], Any], items: Iterable, processes: int, few: int = 0) -> Generator:
    """Yields `function(item)` of each item, in order; meant for items that take milliseconds.

    Each process has one item at a time, so memory stays bounded. Unlike `multiprocessing.Pool` it uses no threads, which
    cost a third of this process's time, and a killed process ends the work instead of letting it hang.

    Args:
        function: must be picklable with more than one process, as must the items and the results.
        items: consumed as needed; one that is None needs no work, and None is its result.
        processes: number of worker processes; with 1 the work is done in this one.
        few: for so many items that need work, or less, no process is started.

    Raises:
        InputError: if a worker process dies.
        Exception: what `function` raised, whichever process it was called in.
    """
    function, items, ahead, work = partial(_applied, function), iter(items), deque[Any](), 0
    if processes > 1:
        for item in items:
            ahead.append(item)
            work += item is not None
            if work > few:
                break
            while ahead and (ahead[0] is None or len(ahead) > AHEAD * few):
                work -= ahead[0] is not None
                yield function(ahead.popleft())
    items = chain(ahead, items)
    if work > few:
        yield from _mapped(function, items, processes)
    else:
        yield from map(function, items)


def _applied(function: Callable[[Any], Any], item: Any) -> Any:
    return None if item is None else function(item)


def _mapped(function: Callable[[Any], Any], items: Iterator, processes: int) -> Iterator:
    context = multiprocessing.get_context("spawn")  # a forked child of a process that has started TensorFlow can hang
    busy, pipes, workers = deque[Connection](), [], []
    try:
        for _ in range(processes):
            parent_end, child_end = context.Pipe()
            pipes.append(parent_end)
            workers.append(context.Process(target=_work, args=(function, child_end), daemon=True))
            with children.spawning():
                workers[-1].start()
            child_end.close()  # so that its end is noticed
        for pipe, item in zip(pipes, items, strict=False):
            pipe.send(item)
            busy.append(pipe)
        for item in items:
            pipe = busy.popleft()
            made = _received(pipe)
            pipe.send(item)  # the worker is waiting for it, so this cannot block for long
            busy.append(pipe)
            yield made
        while busy:
            yield _received(busy.popleft())
    except LOST:
        raise InputError("A worker process has ended, perhaps for want of memory; use one process.") from None
    finally:
        for pipe in pipes:
            pipe.close()
        for worker in workers:
            worker.terminate()
            worker.join()


def _received(pipe: Connection) -> Any:
    made, error = pipe.recv()
    if error:
        raise error
    return made


def _work(function: Callable[[Any], Any], pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that started this one
    with suppress(*LOST):
        while True:
            item = pipe.recv()
            try:
                made, error = function(item), None
            except Exception as raised:
                made, error = None, raised
            pipe.send((made, error))
