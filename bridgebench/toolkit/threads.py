"""How many threads share an operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread, and on as many as before afterwards.

    For many small operations: to wake a second thread and to wait for it takes longer than its
    half of the work, a hundred times longer on a machine that is busy. The result no longer
    depends on the number of threads, either.

    >>> import torch
    >>> before = torch.get_num_threads()
    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    >>> torch.get_num_threads() == before
    True
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let the OpenBLAS that NumPy and SciPy bring compute on one thread, and as before afterwards.

    Its other threads wait for more work in a loop for a while, and take the cores from the threads
    of a network that comes next.
    """
    with ThreadpoolController().select(internal_api="openblas").limit(limits=1):
        yield
