"""A worker as an actor of Ray: which of its calls wait for each other.

What it tells waits in a box of bounded size until it is read: a worker that is ahead of the
scheduler waits, and memory does not grow.
"""

from __future__ import annotations

import queue
import tempfile
from pathlib import Path
from time import sleep
from types import ModuleType
from typing import Any

from bridgebench.execute.cell import Outcome, SharedResult
from bridgebench.execute.workers.cluster.sent import to_send
from bridgebench.execute.workers.messages import Message
from bridgebench.execute.workers.remote import Order, RemoteWorker
from bridgebench.execute.workers.units import Unit

WORK, TALK = "work", "talk"

CAPACITY = 64
LISTEN_SECONDS = 1.0
GATHER_SECONDS = 0.02


def actor_class(ray: ModuleType, cores: float, gpus: float, variables: dict[str, str]) -> Any:
    """The class of the actors of a run; each holds a worker, in a process of its own.

    What works goes in one thread and what talks in another. That is said here and not at each
    call, where Ray's client (`ray://`) cannot.
    """

    class WorkerActor:
        def __init__(self) -> None:
            self._box: queue.Queue[Message] = queue.Queue(CAPACITY)
            self._scratch = tempfile.TemporaryDirectory(prefix="bridgebench-")
            self._worker = RemoteWorker(self._box.put, Path(self._scratch.name) / "hang.txt")

        @ray.method(concurrency_group=WORK)  # type: ignore[untyped-decorator]
        def prepare(self, order: Order) -> str:
            return self._worker.prepare(order)

        @ray.method(concurrency_group=WORK, num_returns=2)  # type: ignore[untyped-decorator]
        def run(
            self, unit: Unit, shared: SharedResult | Outcome | None
        ) -> tuple[None, SharedResult | Outcome | None]:
            """The first can be waited for without fetching the second."""
            return None, to_send(self._worker.run(unit, shared))

        @ray.method(concurrency_group=TALK)  # type: ignore[untyped-decorator]
        def read(self) -> list[Message]:
            return read(self._box)

        @ray.method(concurrency_group=TALK)  # type: ignore[untyped-decorator]
        def trace(self) -> str:
            return self._worker.trace()

    return ray.remote(
        num_cpus=cores,
        num_gpus=gpus,
        max_restarts=0,
        concurrency_groups={WORK: 1, TALK: 1},
        runtime_env={"env_vars": variables},
    )(WorkerActor)


def read(box: queue.Queue[Message]) -> list[Message]:
    """All that is in a box; waits a while for the first message, and shortly for more."""
    messages: list[Message] = []
    try:
        messages.append(box.get(timeout=LISTEN_SECONDS))
        sleep(GATHER_SECONDS)
        while len(messages) < CAPACITY:
            messages.append(box.get_nowait())
    except queue.Empty:
        return messages
    return messages
