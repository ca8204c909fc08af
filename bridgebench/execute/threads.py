"""How many threads share an operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, each operation is done by one thread.

    For many small operations: to wake a second thread and to wait for it takes longer than its
    half of the work. The result no longer depends on the number of threads, either.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
