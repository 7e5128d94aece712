"""Prepare the next item while this one is used."""

import weakref
from collections.abc import Generator
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


class Ahead(Generic[Item]):
    """The items of a generator, of which a thread makes one ahead, until `close` or until nobody uses this object any more."""

    def __init__(self, items: Generator[Item, None, None]):
        self._made: SimpleQueue[Any] = SimpleQueue()
        self._taken, stop = Semaphore(0), Event()
        self._thread = Thread(target=_make, args=(items, self._made, self._taken, stop), daemon=True)
        self._stop = weakref.finalize(self, _end, self._made, self._taken, stop)
        self._thread.start()

    def __iter__(self) -> "Ahead[Item]":
        return self

    def __next__(self) -> Item:
        item, error = self._made.get()
        if error:
            self._made.put((None, error))  # for whoever asks again
            raise error
        self._taken.release()
        return item

    def close(self) -> None:
        """Ends the thread and closes the generator; who waits for an item gets none."""
        self._stop()
        self._thread.join()


def _end(made: SimpleQueue, taken: Semaphore, stop: Event) -> None:
    stop.set()
    taken.release()
    made.put((None, StopIteration()))


def _make(items: Generator, made: SimpleQueue, taken: Semaphore, stop: Event) -> None:
    try:
        for item in items:
            made.put((item, None))
            del item
            taken.acquire()
            if stop.is_set():
                break
        made.put((None, StopIteration()))
    except BaseException as error:
        made.put((None, error))
    finally:
        items.close()
