"""The worker as an actor of Ray: which of its calls wait for each other."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from bridgebench.execute.cell import Outcome, SharedResult
from bridgebench.execute.workers.cluster.outbox import Message
from bridgebench.execute.workers.remote import Order, Worker
from bridgebench.execute.workers.units import Unit

WORK, TALK = "work", "talk"


def actor_class(ray: ModuleType, cores: float, gpus: float, variables: dict[str, str]) -> Any:
    """The class of the actors of a run; each holds a Worker, in a process of its own.

    What works goes in one thread and what talks in another. That is said here and not at each
    call, where Ray's client (`ray://`) cannot.
    """

    class WorkerActor:
        def __init__(self) -> None:
            self._worker = Worker()

        @ray.method(concurrency_group=WORK)  # type: ignore[untyped-decorator]
        def prepare(self, order: Order) -> str:
            return self._worker.prepare(order)

        @ray.method(concurrency_group=WORK, num_returns=2)  # type: ignore[untyped-decorator]
        def run(
            self, unit: Unit, shared: SharedResult | Outcome | None
        ) -> tuple[None, SharedResult | Outcome | None]:
            return self._worker.run(unit, shared)

        @ray.method(concurrency_group=TALK)  # type: ignore[untyped-decorator]
        def read(self) -> list[Message]:
            return self._worker.read()

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
