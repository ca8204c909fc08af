"""A second thread beside the one of the networks: loads the next batch, scores the last one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.pool import AsyncResult, ThreadPool
from typing import TypeVar

import torch

T = TypeVar("T")

Work = Callable[[], None]

NAME = "aside"
"""Of the second thread."""


def pays(device: torch.device, cores: int) -> bool:
    """Whether a second thread has something to gain on so many cores.

    On a GPU, because the processor waits for it, and where an operation has one thread and another
    core is free. Where it has several, those of the network and those of the scoring would wait for
    each other at each operation, which costs many times what is gained. A second thread changes no
    number.
    """
    return device.type != "cpu" or torch.get_num_threads() == 1 < cores


def ahead(make: Callable[[int], T], count: int, aside: bool) -> Iterator[T]:
    """`make(0)` to `make(count - 1)`; with `aside` each is made while the one before is in use.

    >>> list(ahead(lambda index: index * index, 3, aside=True))
    [0, 1, 4]
    """
    if not aside:
        yield from map(make, range(count))
        return
    with _one_thread_more() as pool:
        coming = [pool.apply_async(make, (index,)) for index in range(min(1, count))]
        for index in range(count):
            made = coming.pop().get()
            if index + 1 < count:
                coming.append(pool.apply_async(make, (index + 1,)))
            yield made


@contextmanager
def in_order(aside: bool) -> Iterator[Callable[[Work], None]]:
    """Gives a function that does pieces of work one after the other; at the end all are done.

    With `aside` a piece is done in a second thread, and to hand in the next one is to wait for it,
    so that no more than one is ever waiting. What it raises is raised there, or at the end.
    """
    if not aside:
        yield lambda work: work()
        return
    pending: list[AsyncResult[None]] = []

    def do(work: Work) -> None:
        while pending:
            pending.pop().get()
        pending.append(pool.apply_async(work))

    with _one_thread_more() as pool:
        yield do
        while pending:
            pending.pop().get()


def _one_thread_more() -> ThreadPool:
    """A thread that, on an exception or Ctrl-C in the first, is left behind and not waited for."""
    return ThreadPool(1, initializer=_begin, initargs=(torch.get_num_threads(),))


def _begin(threads: int) -> None:
    threading.current_thread().name = NAME
    torch.set_num_threads(threads)
