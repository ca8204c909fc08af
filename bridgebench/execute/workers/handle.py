"""A worker as the scheduler sees it, and what each way to have workers has to offer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from bridgebench.errors import BridgebenchError
from bridgebench.execute.results import Results
from bridgebench.execute.workers import messages
from bridgebench.execute.workers.messages import Died, Idle, Message, SharedLost, Tell
from bridgebench.execute.workers.units import Unit

START_SECONDS = 300.0
"""How long a worker may take to find room, import and plan, and then to load images."""

GRACE_SECONDS = 1.0
"""After the limit of a cell: time for the news of its end to arrive."""

NEVER = float("inf")


class Worker(Protocol):
    """Something that runs units.

    shared  the shared stages of its unit, to be given to others, where the unit is cut
    """

    shared: object

    def give(self, unit: Unit, shared: object) -> None:
        """Run a unit; `shared` is what another worker made for it, or None."""

    def trace(self) -> str:
        """Where it hangs, or "" if that cannot be known."""

    def stop(self) -> None:
        """End it at once."""


class Workers(Protocol):
    """A way to have workers: this process, a child process, or actors of Ray.

    count     how many there are to be
    retries   how often cells are tried again whose worker died
    reliable  whether all that a worker told before its death is heard, so that it is known which
              cells were its end
    """

    count: int
    retries: int
    reliable: bool

    def start(self, tell: Tell) -> Worker:
        """Start one more worker, which tells what happens."""

    def wait(self, seconds: float) -> None:
        """Pass on what workers tell; returns after some news, or at the latest after a time."""

    def remedy(self) -> str:
        """What to do where no worker could be started."""


@dataclass(eq=False)
class Handle:
    """What is known of a worker.

    limit     seconds that a cell may take
    ready     whether it has its plan
    unit      that it was given, None while it has none
    given     the shared stages that it was given with the unit
    begun     unfinished cells that its work of the moment is for
    finished  cells of the unit that have ended
    deadline  when it must have come further
    useful    whether it has come as far as a cell
    news      what the scheduler has to act on
    """

    results: Results
    limit: float | None
    reliable: bool
    worker: Worker = field(init=False)
    ready: bool = False
    unit: Unit | None = None
    given: object = None
    begun: tuple[str, ...] = ()
    finished: set[str] = field(default_factory=set)
    deadline: float = field(default_factory=lambda: monotonic() + START_SECONDS)
    useful: bool = False
    news: Idle | SharedLost | Died | None = None

    def give(self, unit: Unit, shared: object) -> None:
        """Give the worker a unit."""
        self.unit, self.given, self.finished = unit, shared, set()
        if self.reliable:
            self.deadline = monotonic() + START_SECONDS
        else:  # it may die before it is heard that it has begun
            self.begun, self.useful = unit.cells, True
        self.worker.give(unit, shared)

    def free(self) -> None:
        """The worker has its plan, or has ended its unit."""
        self.unit = self.given = None
        self.ready, self.begun, self.deadline = True, (), NEVER

    def left(self, lost: Collection[str] = ()) -> tuple[Unit, ...]:
        """What is left of its unit but for some cells."""
        return () if self.unit is None else (self.unit.without({*self.finished, *lost}),)

    def hear(self, message: Message) -> None:
        """Take in what the worker tells."""
        match message:
            case messages.Doing(text):
                self.results.progress.doing(text)
            case messages.Begun(cells):
                self.begun, self.useful = cells, True
                limit = NEVER if self.limit is None else self.limit + GRACE_SECONDS
                self.deadline = monotonic() + limit
            case messages.Evaluated(count):
                self.results.progress.evaluated(count)
            case messages.Picture(name, content):
                self.results.write_picture(name, content)
            case messages.Finished(record, items, spent):
                self.finished.add(record.identity)
                self.begun = tuple(cell for cell in self.begun if cell != record.identity)
                self.useful = True
                self.results.finish(record, items, spent)
            case Idle(error) if error:
                raise BridgebenchError(error)
            case Idle() | SharedLost() | Died():
                self.news = message
