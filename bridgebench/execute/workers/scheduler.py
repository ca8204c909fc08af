"""The scheduler: gives units to workers, and deals with their ends, deaths and deadlines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic

from bridgebench.errors import BridgebenchError
from bridgebench.execute.cell import Failure, Outcome
from bridgebench.execute.finished import valid_record
from bridgebench.execute.results import Results
from bridgebench.execute.workers.handle import START_SECONDS, Handle, Workers
from bridgebench.execute.workers.messages import Died, Idle, SharedLost
from bridgebench.execute.workers.units import Unit, after_death, units_of
from bridgebench.plan.model import Plan

LONGEST_WAIT = 5.0


@dataclass
class Scheduler:
    """Runs a plan on workers."""

    plan: Plan
    workers: Workers
    results: Results
    _queue: deque[tuple[Unit, object]] = field(default_factory=deque)
    _handles: list[Handle] = field(default_factory=list)
    _places: int = 0
    _early_deaths: int = 0

    def run(self) -> None:
        """Run every cell that has no valid record; a failure outside of any cell is raised."""
        records = self.results.folder.records
        cells = [cell for cell in self.plan.cells if valid_record(records, cell) is None]
        missing = {cell.identity for cell in cells}
        self.results.start(missing)
        self._again(units_of(self.plan, missing, self.workers.count), None)
        self._places = self.workers.count
        try:
            while self._queue or any(handle.unit for handle in self._handles):
                self._start_and_give()
                nearest = min(handle.deadline for handle in self._handles)
                self.workers.wait(min(LONGEST_WAIT, max(0.0, nearest - monotonic())))
                for handle in list(self._handles):
                    self._react(handle)
        finally:
            for handle in list(self._handles):
                self._stop(handle)

    def _start_and_give(self) -> None:
        idle = sum(handle.unit is None for handle in self._handles)
        wanted = sum(unit.parts for unit, _ in self._queue) - idle
        for _ in range(min(wanted, self._places - len(self._handles))):
            handle = Handle(self.results, self.plan.limit, self.workers.reliable)
            handle.worker = self.workers.start(handle.hear)
            self._handles.append(handle)
        for handle in self._handles:
            if handle.ready and handle.unit is None and self._queue:
                handle.give(*self._queue.popleft())
                self._early_deaths = 0

    def _react(self, handle: Handle) -> None:
        news, handle.news = handle.news, None
        match news:
            case Idle(worn=True):
                self._stop(handle)
                self._again(handle.left(), handle.given)
            case Idle():
                if handle.unit is not None and handle.unit.parts > 1:
                    self._again(handle.unit.slices(), handle.worker.shared)
                handle.free()
            case SharedLost():
                self._again(handle.left(), None)
                handle.free()
            case Died():
                self._on_death(handle, news)
            case None if handle.deadline < monotonic():
                self._on_deadline(handle)

    def _on_death(self, handle: Handle, death: Died) -> None:
        self._stop(handle)
        if not handle.useful:
            self._on_early_death(handle, death)
        elif self.workers.reliable:
            self._lose_begun(handle, Outcome(failure=Failure(death.said())))
        elif handle.unit is not None:
            unit = handle.unit
            again, lost = after_death(unit, handle.finished, self.workers.retries)
            self._again(again, handle.given)
            self.results.lose(lost, Outcome(failure=Failure(death.said(unit.deaths + 1))))

    def _on_early_death(self, handle: Handle, death: Died) -> None:
        """A worker died before it came to a cell."""
        self._again(handle.left(), handle.given)
        self._early_deaths += 1
        if self._early_deaths > self.workers.retries:
            # Another would die there too; those that are left do its share.
            self._give_up_place(
                f"no worker came as far as a cell: {death.said(self._early_deaths)}; run with "
                "executor=local and without limit= to see why"
            )

    def _on_deadline(self, handle: Handle) -> None:
        """A cell took longer than the limit, or a worker did not come to its first cell."""
        trace = handle.worker.trace() if handle.useful else ""
        self._stop(handle)
        if handle.useful:
            reason = f"took longer than the limit of {self.plan.limit:g} s"
            self._lose_begun(handle, Outcome(failure=Failure(reason, trace), timed_out=True))
        elif handle.unit is not None:
            late = Died(f"its images were not loaded within {START_SECONDS:g} s")
            self._on_early_death(handle, late)
        else:
            self._give_up_place(
                f"no worker could be started within {START_SECONDS:g} s: {self.workers.remedy()}"
            )

    def _give_up_place(self, problem: str) -> None:
        """Start no other worker in place of one; it is the end if there is none left."""
        self._places -= 1
        if not self._handles:
            raise BridgebenchError(problem)

    def _lose_begun(self, handle: Handle, outcome: Outcome) -> None:
        """What a worker had begun is lost, and the rest of its unit is done by another."""
        self._again(handle.left(handle.begun), handle.given)
        self.results.lose(handle.begun, outcome)

    def _again(self, units: Iterable[Unit], shared: object) -> None:
        """Put units at the front of the queue, in their order."""
        self._queue.extendleft((unit, shared) for unit in reversed(tuple(units)) if unit.cells)

    def _stop(self, handle: Handle) -> None:
        self._handles.remove(handle)
        handle.worker.stop()
