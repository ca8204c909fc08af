"""The workers of a run on Ray, as the scheduler's process sees them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from types import ModuleType
from typing import Any

import torch

from bridgebench.errors import BridgebenchError
from bridgebench.execute.progress import Progress
from bridgebench.execute.workers.cluster.actor import actor_class
from bridgebench.execute.workers.cluster.connect import GONE, Head, Needs, connected, import_ray
from bridgebench.execute.workers.messages import Died, Doing, Idle, SharedLost, Tell
from bridgebench.execute.workers.remote import Order, order_of
from bridgebench.execute.workers.units import Unit
from bridgebench.plan.choices import Choices
from bridgebench.plan.model import Plan

CHECK_SECONDS = 5.0
"""Between two looks at whether Ray is there: it ends the process when it has missed it for 60 s."""

TRACE_SECONDS = 3.0

RETRIES = 2

PREFIX = "BRIDGEBENCH_"


@dataclass
class RayWorkers:
    """Actors of a Ray that is connected. One that dies may have told what nobody will hear."""

    ray: ModuleType
    order: Order
    needs: Needs
    head: Head
    count: int
    retries: int
    progress: Progress
    reliable: bool = False
    _workers: list[_Worker] = field(default_factory=list)
    _checked: float = field(default_factory=monotonic)

    def start(self, tell: Tell) -> _Worker:
        """Start one more."""
        variables = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
        variables["OMP_NUM_THREADS"] = str(self.needs.threads)
        actor = actor_class(self.ray, self.needs.threads, self.needs.gpus, variables).remote()
        worker = _Worker(self, actor, tell, actor.prepare.remote(self.order), actor.read.remote())
        self._workers.append(worker)
        return worker

    def wait(self, seconds: float) -> None:
        """Pass on one piece of news."""
        # Workers go on telling that there is no news when all that started them is gone.
        if monotonic() - self._checked > CHECK_SECONDS:
            self._check()
        # Ray's client gives back equals of the calls, which are other objects.
        calls = {call: (worker, call) for worker in self._workers for call in worker.calls()}
        ended, _ = self.ray.wait(list(calls), num_returns=1, timeout=seconds)
        if ended:
            self._take(*calls[ended[0]])
            return
        self._check()
        if all(worker.preparing is not None for worker in self._workers):
            self.progress.doing(f"waiting for {self.count} workers: {self._room()}")

    def remedy(self) -> str:
        """What the machines have free, and what can be done."""
        return (
            f"{self._room()} for workers of {self.needs.threads}; try again when others are done, "
            "or give fewer threads= or gpus="
        )

    def stop(self, worker: _Worker) -> None:
        """End a worker at once."""
        self._workers.remove(worker)
        if self.ray.is_initialized():  # else its Ray has gone, and a call would look for another
            self.ray.kill(worker.actor)

    def _check(self) -> None:
        self.head.check()
        self._checked = monotonic()

    def _room(self) -> str:
        free, there = self.ray.available_resources(), self.ray.cluster_resources()
        cores = f"{free.get('CPU', 0):g} of {there.get('CPU', 0):g} cores"
        if not self.needs.gpus:
            return f"{cores} are free"
        return f"{cores} and {free.get('GPU', 0):g} of {there.get('GPU', 0):g} GPUs are free"

    def _take(self, worker: _Worker, call: Any) -> None:
        """Take in the end of a call, whatever it is."""
        errors = self.ray.exceptions
        deaths = (
            errors.RayActorError,
            errors.NodeDiedError,
            errors.WorkerCrashedError,
            errors.OutOfMemoryError,
        )
        try:
            found = self.ray.get(call)
        except (errors.RayTaskError, errors.ObjectLostError) as error:
            # The call failed, be it for the death of another worker; its own lives.
            if call is not worker.running or not self._is_loss(worker, error):
                cause = error.cause if isinstance(error, errors.RayTaskError) else error
                raise BridgebenchError(f"a worker failed: {cause}") from error
            worker.tell(SharedLost())
        except deaths:
            self._check()
            why = ", most likely for want of memory or with its machine"
            worker.tell(Died("its worker died", why))
        except errors.RayError as error:
            raise BridgebenchError(f"Ray cannot run a worker: {_first_line(error)}") from error
        else:
            worker.take(call, found)

    def _is_loss(self, worker: _Worker, error: Any) -> bool:
        """Whether a unit could not be run because shared stages that it needs were lost."""
        errors = self.ray.exceptions
        if isinstance(error, errors.ObjectLostError):
            return True
        # A worker that died before it had given its shared stages leaves its death there.
        return worker.given is not None and isinstance(error.cause, errors.RayError)


@dataclass(eq=False)
class _Worker:
    """An actor, and the calls of it whose end would be news.

    preparing  makes its plan, None once it is done
    listening  waits for what it tells
    running    runs its unit, None once it has ended
    given      the shared stages that it was given with its unit, in Ray's store, or None
    shared     those that it makes, in Ray's store and never in this process
    """

    workers: RayWorkers
    actor: Any
    tell: Tell
    preparing: Any
    listening: Any
    running: Any = None
    given: Any = None
    shared: Any = None

    def calls(self) -> list[Any]:
        return [call for call in (self.preparing, self.running, self.listening) if call is not None]

    def give(self, unit: Unit, shared: Any) -> None:
        self.given = shared
        self.running, self.shared = self.actor.run.remote(unit, shared)

    def take(self, call: Any, found: Any) -> None:
        """Take in what a call gave."""
        if call is self.preparing:
            self.preparing = None
            self.tell(Idle(found))
        elif call is self.running:
            self.running = self.given = None
        else:
            for message in found:
                if isinstance(message, Doing):
                    message = Doing(f"{self.workers.count} workers: {message.text}")
                self.tell(message)
            self.listening = self.actor.read.remote()

    def trace(self) -> str:
        ray = self.workers.ray
        try:
            trace: str = ray.get(self.actor.trace.remote(), timeout=TRACE_SECONDS)
        except ray.exceptions.RayError:
            return ""
        return trace

    def stop(self) -> None:
        self.workers.stop(self)


@contextmanager
def ray_workers(plan: Plan, choices: Choices, progress: Progress) -> Iterator[RayWorkers]:
    """Workers on a Ray that is started for the run or found at its address."""
    ray, needs = import_ray(), needs_of(plan, choices)
    progress.doing(f"connecting to Ray at {choices.address}" if choices.address else "starting Ray")
    order = order_of(
        plan,
        choices,
        device=torch.device(plan.device).type,
        threads=needs.threads,
        cores=needs.threads,
        limits_memory=False,
    )
    retries = RETRIES if choices.retries is None else choices.retries
    with connected(choices.address or "", needs) as count:
        try:
            yield RayWorkers(ray, order, needs, Head.of(ray), count, retries, progress)
        except ConnectionError as error:  # what Ray's client raises
            raise BridgebenchError(GONE) from error


def needs_of(plan: Plan, choices: Choices) -> Needs:
    """What the run of a plan asks of the machines.

    One core for each worker unless asked otherwise, as several workers fill a machine better; on a
    GPU, one for each worker unless shared.
    """
    on_gpu = torch.device(plan.device).type == "cuda"
    numbers = plan.padded_n
    for size in plan.task.item.shape:
        numbers *= size
    return Needs(
        workers=choices.workers,
        threads=choices.threads or 1,
        gpus=(choices.gpus or 1.0) if on_gpu else 0.0,
        shared=4 * numbers,
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
