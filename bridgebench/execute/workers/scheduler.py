"""The driver: hands units to workers, writes what they finish, and deals with their deaths."""

from __future__ import annotations

import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from bridgebench.errors import BridgebenchError
from bridgebench.execute.cell import Failure, Outcome
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.progress import Progress
from bridgebench.execute.records import write_atomically
from bridgebench.execute.workers.cluster.connect import GONE, Head, Needs, import_ray
from bridgebench.execute.workers.cluster.outbox import Files, Message
from bridgebench.execute.workers.cluster.pool import NEVER, START_SECONDS, Crew, Died, Hand
from bridgebench.execute.workers.messages import Began, Doing, Ended, Evaluated, Finished
from bridgebench.execute.workers.remote import Order, keys_of
from bridgebench.execute.workers.runner import Clock, record_of, valid_record
from bridgebench.execute.workers.units import Unit, after_death, units_of
from bridgebench.plan.choices import Choices
from bridgebench.plan.model import Plan, evaluations_for

GRACE_SECONDS = 1.0
"""After the limit of a cell: time for the news of its end to arrive."""

CHECK_SECONDS = 5.0
"""Between two looks at whether Ray is there: it ends the process when it has missed it for 60 s."""

RETRIES = 2


@dataclass
class ClusterRun:
    """One run of a plan on the workers of a Ray that is connected."""

    plan: Plan
    choices: Choices
    folder: RunFolder
    progress: Progress
    workers: int
    clock: Clock = field(default_factory=Clock)
    _queue: deque[tuple[Unit, Any]] = field(default_factory=deque)
    _clocks: list[Clock] = field(default_factory=list)

    def run(self) -> None:
        """Run every cell that has no valid record; a failure outside of any cell is raised."""
        missing = missing_cells(self.plan, self.folder)
        self.clock.reused_cells = len(self.plan.cells) - len(missing)
        self._queue.extend((unit, None) for unit in units_of(self.plan, missing, self.workers))
        self.progress.start(evaluations_for(self.plan, missing), len(missing))
        with tempfile.TemporaryDirectory(prefix="bridgebench-") as scratch:
            ray = import_ray()
            needs = needs_of(self.plan, self.choices)
            crew = Crew(ray, self._order(scratch), needs, Head.of(ray))
            try:
                self._work(crew)
            except ConnectionError as error:  # what Ray's client raises
                raise BridgebenchError(GONE) from error
            finally:
                for hand in list(crew.hands):
                    self._let_go(crew, hand)
                self._add_clocks()

    def _work(self, crew: Crew) -> None:
        for _ in range(min(self.workers, max(1, self._waiting()))):
            crew.hire()
        checked = monotonic()
        while self._queue or any(hand.unit for hand in crew.hands):
            # Workers go on telling that there is no news when all that started them is gone.
            if monotonic() - checked > CHECK_SECONDS:
                crew.head.check()
                checked = monotonic()
            for hand in crew.hands:
                if hand.idle and self._queue:
                    unit, shared = self._queue.popleft()
                    crew.give(hand, unit, shared)
            try:
                self._hear(crew)
            except Died as death:
                crew.head.check()
                self._bury(crew, death.hand)
            for hand in [hand for hand in crew.hands if hand.deadline < monotonic()]:
                self._give_up(crew, hand)

    def _hear(self, crew: Crew) -> None:
        """Take in one piece of news."""
        nearest = min(hand.deadline for hand in crew.hands)
        found = crew.next_call(min(5.0, max(0.0, nearest - monotonic())))
        if found is None:
            crew.head.check()
            if all(each.preparing for each in crew.hands):
                self.progress.doing(f"waiting for {self.workers} workers: {crew.room()}")
            return
        hand, call = found
        if call is hand.preparing:
            crew.prepared(hand)
        elif call is hand.running:
            if not crew.ran(hand):
                self._again(hand)
        else:
            for message in crew.messages(hand):
                self._take(hand, message)

    def _take(self, hand: Hand, message: Message) -> None:
        match message:
            case Doing(text):
                self.progress.doing(f"{self.workers} workers: {text}")
            case Began(identities):
                hand.in_hand = identities
                limit = self.plan.limit
                hand.deadline = NEVER if limit is None else monotonic() + limit + GRACE_SECONDS
            case Evaluated(count):
                self.progress.evaluated(count)
            case Files(contents):
                for name, content in contents:
                    path = self.folder.path / name
                    with self.folder.writing():
                        path.parent.mkdir(parents=True, exist_ok=True)
                        write_atomically(path, content)
            case Finished(identity, clock):
                hand.finished.add(identity)
                hand.clock = clock
                self._finished(identity)
            case Ended(error):
                if error:
                    raise BridgebenchError(error)
                self._ended(hand)

    def _ended(self, hand: Hand) -> None:
        if hand.unit is not None and hand.unit.parts > 1:
            self._queue.extendleft((part, hand.shared) for part in reversed(hand.unit.slices()))
        hand.free()

    def _again(self, hand: Hand) -> None:
        """The shared stages of a unit went with the machine that kept them: do all of it again."""
        if hand.unit is not None:
            self._queue.appendleft((hand.unit.without(hand.finished), None))
        hand.free()

    def _bury(self, crew: Crew, hand: Hand) -> None:
        """A worker died: another takes its place, and its unit is tried again or lost."""
        self._let_go(crew, hand)
        before = hand.before + 1 if hand.preparing is not None else 0
        if before > self._retries:
            # Another would die there too; those that are left do its share.
            if not crew.hands:
                raise BridgebenchError(
                    f"{before} workers died one after the other before their first "
                    "cell; run with executor=local to see why"
                )
            return
        if hand.unit is not None:
            again, lost = after_death(hand.unit, hand.finished, self._retries)
            self._queue.extendleft((unit, hand.given) for unit in reversed(again))
            reason = (
                f"its worker died, {hand.unit.deaths + 1} times, "
                "most likely for want of memory or with its machine"
            )
            self._lose(lost, Outcome(failure=Failure(reason)))
        self._replace(crew, before)

    def _give_up(self, crew: Crew, hand: Hand) -> None:
        """A cell took longer than the limit, or a worker did not start."""
        trace = crew.trace(hand) if hand.unit else ""
        self._let_go(crew, hand)
        if hand.unit is None:
            if not crew.hands:
                raise BridgebenchError(
                    f"no worker could be started within {START_SECONDS:g} s: {crew.room()} for "
                    f"workers of {crew.needs.threads}; try again when others are done, or "
                    "give fewer threads= or gpus="
                )
            return
        left = hand.unit.without({*hand.finished, *hand.in_hand})
        if left.sets:
            self._queue.appendleft((left, hand.given))
        reason = f"took longer than the limit of {self.plan.limit:g} s"
        lost = tuple(cell for cell in hand.in_hand if cell not in hand.finished)
        self._lose(lost, Outcome(failure=Failure(reason, trace), timed_out=True))
        self._replace(crew)

    def _replace(self, crew: Crew, before: int = 0) -> None:
        if self._waiting() and len(crew.hands) < self.workers:
            crew.hire(before)

    def _let_go(self, crew: Crew, hand: Hand) -> None:
        crew.dismiss(hand)
        self._clocks.append(hand.clock)

    def _lose(self, identities: Sequence[str], outcome: Outcome) -> None:
        for planned in self.plan.cells:
            if planned.identity in identities:
                with self.folder.writing():
                    self.folder.records.write(record_of(self.plan, planned, outcome), {})
                self._finished(planned.identity)

    def _finished(self, identity: str) -> None:
        self.clock.computed_cells += 1
        self.progress.finished_cell(identity)

    def _waiting(self) -> int:
        """Workers that the queue could use."""
        return sum(unit.parts for unit, _ in self._queue)

    @property
    def _retries(self) -> int:
        return RETRIES if self.choices.retries is None else self.choices.retries

    def _order(self, scratch: str) -> Order:
        """What the workers are told: the choices as this machine has resolved them."""
        device = torch.device(self.plan.device).type
        resolved = {"device": device, "precision": self.plan.precision}
        return Order(
            choices=self.choices.model_copy(update=resolved),
            keys=keys_of(self.plan),
            threads=threads_of(self.choices),
            paths=tuple(path for path in sys.path if path),
            cwd=str(Path.cwd()),
            scratch=scratch,
        )

    def _add_clocks(self) -> None:
        """Where the seconds went, as the mean of the workers, which work side by side."""
        for each in fields(Clock):
            if each.name not in ("computed_cells", "reused_cells"):
                total = sum(getattr(clock, each.name) for clock in self._clocks)
                setattr(self.clock, each.name, total / self.workers)


def missing_cells(plan: Plan, folder: RunFolder) -> frozenset[str]:
    """The identities of the cells that have no valid record in a folder."""
    records = folder.records
    return frozenset(cell.identity for cell in plan.cells if valid_record(records, cell) is None)


def threads_of(choices: Choices) -> int:
    """Cores of a worker: one unless asked otherwise, as several workers fill a machine better."""
    return choices.threads or 1


def needs_of(plan: Plan, choices: Choices) -> Needs:
    """What the run of a plan asks of the machines: on a GPU, one for each worker unless shared."""
    on_gpu = torch.device(plan.device).type == "cuda"
    numbers = plan.padded_n
    for size in plan.task.item.shape:
        numbers *= size
    return Needs(
        workers=choices.workers,
        threads=threads_of(choices),
        gpus=(choices.gpus or 1.0) if on_gpu else 0.0,
        shared=4 * numbers,
    )
