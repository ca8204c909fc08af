"""The workers of a run: started, given work, heard, and put away."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from time import monotonic
from types import ModuleType
from typing import Any

from bridgebench.errors import BridgebenchError
from bridgebench.execute.workers.cluster.actor import actor_class
from bridgebench.execute.workers.cluster.connect import Head, Needs
from bridgebench.execute.workers.cluster.outbox import Message
from bridgebench.execute.workers.remote import Order
from bridgebench.execute.workers.runner import Clock
from bridgebench.execute.workers.units import Unit

START_SECONDS = 300.0
"""How long a worker may take to find room, import and plan."""

TRACE_SECONDS = 3.0

NEVER = float("inf")

PREFIX = "BRIDGEBENCH_"


@dataclass
class Hand:
    """A worker, and what it has in hand.

    actor      its handle in Ray
    preparing  the call that makes its plan, None once it is done
    running    the call that runs `unit`, None once it has ended
    given      the shared stages that it was given with `unit`, in Ray's store, or None
    shared     the shared stages of `unit` where it is cut, in Ray's store and never in the driver
    listening  the call that waits for its messages
    finished   cells of `unit` that have ended
    in_hand    cells that its work of the moment is for
    deadline   when it must have come further
    before     how many died in its place, one after the other, before they had their plan
    """

    actor: Any
    preparing: Any
    listening: Any
    running: Any = None
    given: Any = None
    shared: Any = None
    unit: Unit | None = None
    finished: set[str] = field(default_factory=set)
    in_hand: tuple[str, ...] = ()
    deadline: float = NEVER
    before: int = 0
    clock: Clock = field(default_factory=Clock)

    @property
    def idle(self) -> bool:
        """Whether it can be given a unit."""
        return self.preparing is None and self.unit is None

    def calls(self) -> list[Any]:
        """The calls whose end would be news."""
        return [call for call in (self.preparing, self.running, self.listening) if call is not None]

    def free(self) -> None:
        """Forget the unit, which has ended."""
        self.unit = self.running = self.given = self.shared = None
        self.in_hand, self.deadline, self.finished = (), NEVER, set()


class Died(Exception):
    """The process or the machine of a worker is gone."""

    def __init__(self, hand: Hand) -> None:
        super().__init__("a worker died")
        self.hand = hand


@dataclass
class Crew:
    """The workers there are; each call is to one of them."""

    ray: ModuleType
    order: Order
    needs: Needs
    head: Head
    hands: list[Hand] = field(default_factory=list)

    def hire(self, before: int = 0) -> None:
        """Start one more worker, in whose place so many have died before they had their plan."""
        threads, gpus = self.needs.threads, self.needs.gpus
        actor = actor_class(self.ray, threads, gpus, self._environment()).remote()
        hand = Hand(actor, actor.prepare.remote(self.order), listening=actor.read.remote())
        hand.deadline, hand.before = monotonic() + START_SECONDS, before
        self.hands.append(hand)

    def _environment(self) -> dict[str, str]:
        """The variables of a worker: its threads, and what is set for bridgebench here."""
        ours = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
        return {"OMP_NUM_THREADS": str(self.order.threads), **ours}

    def give(self, hand: Hand, unit: Unit, shared: Any) -> None:
        """Give an idle worker a unit; `shared` are its shared stages in Ray's store, or None."""
        hand.unit, hand.given, hand.finished, hand.in_hand = unit, shared, set(), unit.cells
        hand.running, hand.shared = hand.actor.run.remote(unit, shared)

    def dismiss(self, hand: Hand) -> None:
        """End a worker at once."""
        self.hands.remove(hand)
        if self.ray.is_initialized():  # else its Ray has gone, and a call would look for another
            self.ray.kill(hand.actor)

    def room(self) -> str:
        """What the machines have free, in words."""
        free, there = self.ray.available_resources(), self.ray.cluster_resources()
        cores = f"{free.get('CPU', 0):g} of {there.get('CPU', 0):g} cores"
        if not self.needs.gpus:
            return f"{cores} are free"
        return f"{cores} and {free.get('GPU', 0):g} of {there.get('GPU', 0):g} GPUs are free"

    def next_call(self, timeout: float) -> tuple[Hand, Any] | None:
        """A call that has ended, with its worker, or None if there is none in time."""
        # Ray's client gives back equals of the calls, which are other objects.
        calls = {call: (hand, call) for hand in self.hands for call in hand.calls()}
        ended, _ = self.ray.wait(list(calls), num_returns=1, timeout=timeout)
        return calls[ended[0]] if ended else None

    def prepared(self, hand: Hand) -> None:
        """Take note that a worker has its plan; BridgebenchError if it is another than ours."""
        try:
            problem = self._result(hand, hand.preparing)
        except self.ray.exceptions.RayTaskError as error:
            raise BridgebenchError(f"a worker failed: {error.cause}") from error
        if problem:
            raise BridgebenchError(f"a worker cannot do its part: {problem}")
        hand.preparing, hand.deadline = None, NEVER

    def messages(self, hand: Hand) -> list[Message]:
        """What a worker told."""
        told: list[Message] = self._result(hand, hand.listening)
        hand.listening = hand.actor.read.remote()
        return told

    def ran(self, hand: Hand) -> bool:
        """Whether a unit's call ran; False if the shared stages that it needs were lost."""
        errors = self.ray.exceptions
        running, hand.running = hand.running, None
        try:
            self._result(hand, running)
        except errors.ObjectLostError:
            return False
        except errors.RayTaskError as error:
            # A worker that died before it had given its shared stages leaves its death there.
            if hand.given is not None and isinstance(error.cause, errors.RayError):
                return False
            raise BridgebenchError(f"a worker failed: {error.cause}") from error
        return True

    def trace(self, hand: Hand) -> str:
        """Where a worker hangs, or "" if it does not answer."""
        try:
            trace: str = self.ray.get(hand.actor.trace.remote(), timeout=TRACE_SECONDS)
        except self.ray.exceptions.RayError:
            return ""
        return trace

    def _result(self, hand: Hand, call: Any) -> Any:
        try:
            return self.ray.get(call)
        except (self.ray.exceptions.RayTaskError, self.ray.exceptions.ObjectLostError):
            raise  # the call failed, be it for the death of another worker; its own lives
        except self._deaths as error:
            raise Died(hand) from error
        except self.ray.exceptions.RayError as error:
            raise BridgebenchError(f"Ray cannot run a worker: {_first_line(error)}") from error

    @property
    def _deaths(self) -> tuple[type[Exception], ...]:
        errors = self.ray.exceptions
        return (
            errors.RayActorError,
            errors.NodeDiedError,
            errors.WorkerCrashedError,
            errors.OutOfMemoryError,
        )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
