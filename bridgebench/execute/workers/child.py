"""Running a plan in a process of its own, so that a cell that hangs or dies costs itself alone.

The child runs the plan as `LocalRun` does and tells the parent which cells are in hand. When these
take longer than the limit, or the child dies (killed for memory, a crash in a library), the parent
writes their records and starts another child for the rest.
"""

from __future__ import annotations

import faulthandler
import importlib
import multiprocessing
import signal
import tempfile
from dataclasses import dataclass, field, fields
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic

from bridgebench.errors import BridgebenchError
from bridgebench.execute.cell import Failure, Outcome
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.memory import available_memory, limit_memory, used_memory
from bridgebench.execute.progress import Progress
from bridgebench.execute.workers.messages import Began, Doing, Ended, Evaluated, Finished, Started
from bridgebench.execute.workers.runner import Clock, LocalRun, record_of, valid_record
from bridgebench.plan.choices import Choices
from bridgebench.plan.make import make_plan
from bridgebench.plan.model import Plan
from bridgebench.plugins.registry import load_registry

START_SECONDS = 300.0
"""How long a child may take to import, plan and load before its first cell."""

NEVER = float("inf")
"""The deadline of a child that has closed its connection."""

SCORING = "torchmetrics"
"""What every metric needs, and takes seconds to import, which no cell is to spend its limit on."""

GRACE_SECONDS = 1.0
"""After the limit: time for the child to write down where it hangs."""

END_SECONDS = 30.0
"""How long a child that has closed its connection may take to end."""

WORN = 0.5
"""The share of its memory that a child may have in use between cells, as one that leaks it would
leave the next ones none."""


class _Worn(Exception):
    """A child holds so much memory that another is to do the rest."""


class _Reporter:
    """The child's Progress: sends everything to the parent, and arms the dump of a hang."""

    def __init__(
        self, connection: Connection, limit: float, hang_file: Path, most: int | None
    ) -> None:
        self._connection = connection
        self._limit = limit
        self._most = most
        self._hang = hang_file.open("w", encoding="utf-8")
        self.clock = Clock()

    def start(self, evaluations: int, cells: int) -> None:
        self._connection.send(Started(evaluations, cells))

    def doing(self, text: str) -> None:
        self._connection.send(Doing(text))

    def begin(self, identities: tuple[str, ...]) -> None:
        self._hang.truncate(0)
        faulthandler.dump_traceback_later(self._limit, file=self._hang)
        self._connection.send(Began(identities))

    def evaluated(self, count: int) -> None:
        self._connection.send(Evaluated(count))

    def finished_cell(self, identity: str) -> None:
        self._connection.send(Finished(identity, self.clock))
        if self._most is not None and used_memory() > WORN * self._most:
            raise _Worn


def _child(
    connection: Connection,
    choices: Choices,
    folder: Path,
    tried: frozenset[str],
    limit: float,
    hang_file: Path,
) -> None:
    """What a child does; the parent takes care of Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    importlib.import_module(SCORING)
    try:
        plan = make_plan(load_registry(), choices)
        on_cpu = plan.device == "cpu"  # a driver of a GPU asks for more than it will use
        most = limit_memory(available_memory()) if on_cpu else None
        reporter = _Reporter(connection, limit, hang_file, most)
        save_images = choices.save == "images"
        LocalRun(plan, RunFolder(folder), reporter, save_images, tried, reporter.clock).run()
    except _Worn:
        connection.send(Ended("", more=True))
    except BridgebenchError as error:
        connection.send(Ended(str(error)))
    except Exception as error:
        connection.send(Ended(f"the process of the cells failed: {type(error).__name__}: {error}"))
    else:
        connection.send(Ended(""))
    finally:
        faulthandler.cancel_dump_traceback_later()


@dataclass
class GuardedRun:
    """One run of a plan in child processes, a cell limited to `limit` seconds."""

    plan: Plan
    choices: Choices
    folder: RunFolder
    progress: Progress
    limit: float
    clock: Clock = field(default_factory=Clock)

    def run(self) -> None:
        """Run every cell that has no valid record; a failure of the guard itself is raised."""
        records = self.folder.records
        there = [cell for cell in self.plan.cells if valid_record(records, cell) is not None]
        self.clock.reused_cells = len(there)
        tried: frozenset[str] = frozenset()
        while True:
            watch = _Watch(self, tried)
            all_done = watch.run()
            tried |= watch.finished | set(watch.in_hand)
            if all_done:
                return


@dataclass
class _Watch:
    """Watches one child to its end."""

    owner: GuardedRun
    tried: frozenset[str]
    finished: set[str] = field(default_factory=set)
    in_hand: tuple[str, ...] = ()
    clock: Clock = field(default_factory=Clock)
    deadline: float = 0.0

    def run(self) -> bool:
        """Whether all is done; if not, `in_hand` are the cells that were lost with the child."""
        with tempfile.TemporaryDirectory() as scratch:
            hang_file = Path(scratch) / "hang.txt"
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(
                target=_child,
                args=(
                    theirs,
                    self.owner.choices,
                    self.owner.folder.path,
                    self.tried,
                    self.owner.limit,
                    hang_file,
                ),
                daemon=True,
            )
            child.start()
            theirs.close()
            try:
                ended = self._listen(ours)
                if self.deadline == NEVER:
                    child.join(END_SECONDS)  # a signal would hide the status that it ends with
            finally:
                child.kill()
                child.join()
                _add(self.owner.clock, self.clock)
            if ended is not None:
                if ended.error:
                    raise BridgebenchError(ended.error)
                self.in_hand = ()
                return not ended.more
            self._record_loss(child.exitcode, hang_file)
        return False

    def _listen(self, connection: Connection) -> Ended | None:
        """What the child says at its end, or None if it hangs or has died."""
        self.deadline = monotonic() + START_SECONDS
        while connection.poll(max(0.0, self.deadline - monotonic())):
            try:
                message = connection.recv()
            except EOFError:
                self.deadline = NEVER
                return None
            if isinstance(message, Ended):
                return message
            self._take(message)
        return None

    def _take(self, message: object) -> None:
        progress = self.owner.progress
        match message:
            case Started(evaluations, cells):
                progress.start(evaluations, cells)
            case Doing(text):
                progress.doing(text)
            case Began(identities):
                self.in_hand = identities
                self.deadline = monotonic() + self.owner.limit + GRACE_SECONDS
            case Evaluated(count):
                progress.evaluated(count)
            case Finished(identity, clock):
                self.finished.add(identity)
                self.in_hand = tuple(i for i in self.in_hand if i != identity)
                self.clock = clock
                progress.finished_cell(identity)

    def _record_loss(self, exit_code: int | None, hang_file: Path) -> None:
        """Write the records of the cells that were lost with the child."""
        hung = self.deadline != NEVER
        if not self.in_hand and not self.finished:
            raise BridgebenchError(
                f"the process of the cells ended before its first cell (exit status {exit_code}); "
                "run without limit= to see why"
            )
        if hung:
            reason = f"took longer than the limit of {self.owner.limit:g} s"
            trace = hang_file.read_text(encoding="utf-8") if hang_file.exists() else ""
        else:
            reason = _death(exit_code)
            trace = ""
        outcome = Outcome(failure=Failure(reason, trace), timed_out=hung)
        for planned in self.owner.plan.cells:
            if planned.identity in self.in_hand:
                with self.owner.folder.writing():
                    record = record_of(self.owner.plan, planned, outcome)
                    self.owner.folder.records.write(record, {})
                self.owner.clock.computed_cells += 1
                self.owner.progress.finished_cell(planned.identity)


def _death(exit_code: int | None) -> str:
    if exit_code == -signal.SIGKILL:
        return "its process was killed (SIGKILL), most likely for want of memory"
    if exit_code is not None and exit_code < 0:
        return f"its process died of {signal.Signals(-exit_code).name}"
    return f"its process ended with exit status {exit_code}"


def _add(total: Clock, part: Clock) -> None:
    """Add a child's clock, but not the cells that it found finished: other children did them."""
    for each in fields(Clock):
        if each.name != "reused_cells":
            setattr(total, each.name, getattr(total, each.name) + getattr(part, each.name))
