"""A second thread beside the one of the networks: loads the next batch, scores the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

import torch

T = TypeVar("T")

Work = Callable[[], None]

Submit = Callable[[Callable[[], T]], Future[T]]

LINGER_SECONDS = 5.0
"""How long an error in the first thread waits for the current piece, which may hang."""


def use_second_thread(device: torch.device, cores: int) -> bool:
    """Whether a second thread has something to gain on so many cores.

    On a GPU, because the processor waits for it, and where an operation has one thread and another
    core is free. Where it has several, those of the network and those of the scoring would wait for
    each other at each operation, which costs many times what is gained. A second thread changes no
    number.
    """
    return device.type != "cpu" or torch.get_num_threads() == 1 < cores


def ahead(make: Callable[[int], T], count: int, threaded: bool) -> Iterator[T]:
    """`make(0)` to `make(count - 1)`; with `threaded` each is made while the one before is in use.

    >>> list(ahead(lambda index: index * index, 3, threaded=True))
    [0, 1, 4]
    """
    if not threaded:
        yield from map(make, range(count))
        return
    with _second_thread() as submit:
        coming = [submit(partial(make, index)) for index in range(min(1, count))]
        for index in range(count):
            made = coming.pop().result()
            if index + 1 < count:
                coming.append(submit(partial(make, index + 1)))
            yield made


@contextmanager
def in_order(threaded: bool) -> Iterator[Callable[[Work], None]]:
    """Gives a function that does pieces of work one after the other; at the end all are done.

    With `threaded` a piece is done in a second thread, and to give the next one is to wait for it,
    so that no more than one is ever waiting. What it raises is raised there, or at the end.
    """
    if not threaded:
        yield lambda work: work()
        return
    pending: list[Future[None]] = []

    def do(work: Work) -> None:
        while pending:
            pending.pop().result()
        pending.append(submit(work))

    with _second_thread() as submit:
        try:
            yield do
        except Exception:
            # What the piece before raised came first, and may be why.
            for piece in wait(pending, LINGER_SECONDS).done:
                piece.result()
            raise
        while pending:
            pending.pop().result()


@contextmanager
def _second_thread() -> Iterator[Submit[Any]]:
    """A thread that does what it is given; one that hangs is left behind and not waited for."""
    orders: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()

    def submit(work: Callable[[], T]) -> Future[T]:
        promise: Future[T] = Future()
        orders.put((promise, work))
        return promise

    Thread(target=_serve, args=(orders, torch.get_num_threads()), daemon=True).start()
    try:
        yield submit
    finally:
        orders.put(None)


def _serve(orders: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None], threads: int) -> None:
    torch.set_num_threads(threads)
    while (order := orders.get()) is not None:
        promise, work = order
        try:
            promise.set_result(work())
        except BaseException as error:  # also SystemExit, or the first thread would wait for ever
            promise.set_exception(error)
        del order, promise, work  # and with them what they hold
