"""Results of a run: the only place that writes what cells gave into its folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import perf_counter

from torch import Tensor

from bridgebench.execute.cell import Outcome
from bridgebench.execute.clock import Clock
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.progress import Progress
from bridgebench.execute.recording import record_of
from bridgebench.execute.records import Record
from bridgebench.files.atomic import write_atomically
from bridgebench.plan.model import Plan, evaluations_for


@dataclass(frozen=True)
class Results:
    """What the cells of a plan gave, on its way to the folder.

    workers  how many share the work
    """

    plan: Plan
    folder: RunFolder
    progress: Progress
    clock: Clock
    workers: int

    def start(self, missing: Collection[str]) -> None:
        """The cells of some identities are to be run; the others are there already."""
        self.clock.reused_cells = len(self.plan.cells) - len(missing)
        self.progress.start(evaluations_for(self.plan, missing), len(missing))

    def write_picture(self, name: str, content: bytes) -> None:
        """Write a picture of a cell by its name below the folder."""
        path = self.folder.path / name
        with self.folder.writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content, durable=False)

    def finish(self, record: Record, items: Mapping[str, Tensor], spent: Clock) -> None:
        """Write the record of a cell, last of all, as it says that all is there."""
        begun = perf_counter()
        with self.folder.writing():
            if record.status in ("failed", "timeout"):
                self.folder.strip(record.identity).unlink(missing_ok=True)
            self.folder.records.write(record, items)
        self.clock.records += perf_counter() - begun
        self.clock.add(spent, self.workers)
        self.clock.computed_cells += 1
        self.progress.finished_cell(record.identity)

    def lose(self, identities: Collection[str], outcome: Outcome) -> None:
        """Write the records of cells that were lost with their worker."""
        for planned in self.plan.cells:
            if planned.identity in identities:
                self.finish(record_of(self.plan, planned, outcome), {}, Clock())
