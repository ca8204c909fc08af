"""Running units: what a worker does, in whatever process it lives."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from bridgebench.execute.cell import Failure, Fitted, Outcome, SharedResult
from bridgebench.execute.clock import Clock
from bridgebench.execute.fitting import compute_fit
from bridgebench.execute.pictures import Pictures
from bridgebench.execute.recording import record_of
from bridgebench.execute.reference import MODIFIED
from bridgebench.execute.seed import LoadedSeed, Seeds
from bridgebench.execute.sharing import compute_shared
from bridgebench.execute.store import Store, user_store
from bridgebench.execute.workers.messages import (
    Begun,
    Doing,
    Evaluated,
    Finished,
    Picture,
    Tell,
)
from bridgebench.execute.workers.units import Unit
from bridgebench.interfaces.cell import Cell, Stage
from bridgebench.plan.model import Group, Plan, PlannedCell

EVALUATED_SECONDS = 0.25
"""Between two messages on evaluations, of which there may be thousands a second."""


class UnitRunner:
    """Runs units of a plan one after the other, and tells what happens.

    Args:
        plan: all cells.
        tell: is given each message.
        cores: that may be used.
        save_images: whether each output is a file of its own.
        store: of shared stages; that of the user unless given.
    """

    def __init__(
        self,
        plan: Plan,
        tell: Tell,
        cores: int,
        save_images: bool = False,
        store: Store | None = None,
    ) -> None:
        self._plan, self._tell, self._store = plan, tell, store or user_store()
        pictures = Pictures(plan, lambda *picture: tell(Picture(*picture)), save_images)
        self._seeds = Seeds(plan, self._store, cores, self._evaluated, pictures)
        self._spent = Clock()
        self._untold, self._told = 0, monotonic()

    def share(self, unit: Unit) -> SharedResult | Outcome:
        """The shared stages of a unit, or the failure of all its cells."""
        group = self._plan.groups[unit.group]
        seed = self._loaded(group.seed)
        self._tell(Begun(unit.cells))
        shared = self._shared(seed, group)
        self._tell_evaluated()
        return shared

    def run(self, unit: Unit, shared: SharedResult | Outcome | None = None) -> None:
        """Run the cells of a unit; `shared`, unless given, is what `share` makes for it."""
        group = self._plan.groups[unit.group]
        cells = [cell for cell in group.cells if cell.identity in unit.cells]
        runnable = [cell for cell in cells if not cell.skip]
        for cell in cells:
            if cell.skip:
                self._finish(cell, Outcome())
        if not runnable:
            return
        seed = self._loaded(group.seed)
        if shared is None:
            self._tell(Begun(tuple(cell.identity for cell in runnable)))
            shared = self._shared(seed, group)
        if isinstance(shared, Outcome):
            for cell in runnable:
                self._finish(cell, shared)
            return
        for cell in runnable:
            fitted = self._fitted(seed, cell)
            if isinstance(fitted, Fitted):
                self._finish(cell, self._outcome(seed, cell, shared, fitted))
            else:
                self._finish(cell, fitted)

    def _loaded(self, seed: int) -> LoadedSeed:
        if not self._seeds.is_loaded(seed):
            self._tell(Doing(f"loading {self._plan.n} images of {self._plan.task.source.domain}"))
        return self._seeds.loaded(seed)

    def _shared(self, seed: LoadedSeed, group: Group) -> SharedResult | Outcome:
        runnable = next(cell for cell in group.cells if not cell.skip)
        fitted = self._fitted(seed, runnable)
        if isinstance(fitted, Outcome):
            return fitted
        self._tell(Doing(_title(runnable.cell, group.shared)))
        runner = seed.runner
        context = runner.context_of(runnable.cell.method, fitted)
        before = context.networks.meter.seconds
        shared = compute_shared(
            group, runnable.cell, seed.batches, context, self._store, runner.threaded
        )
        self._spent.network += context.networks.meter.seconds - before
        return shared

    def _fitted(self, seed: LoadedSeed, planned: PlannedCell) -> Fitted | Outcome:
        """What the fit of a cell gives, computed once for all that share it, or its failure."""
        if planned.fit is None:
            return Fitted()
        stage, key = planned.fit
        if key not in seed.fits:
            self._tell(Doing(f"{planned.cell.method.spec} {stage.name}"))
            context = seed.runner.context_of(planned.cell.method)
            seed.fits[key] = compute_fit(stage, key, planned.cell, context, self._store)
        return seed.fits[key]

    def _outcome(
        self, seed: LoadedSeed, planned: PlannedCell, shared: SharedResult, fitted: Fitted
    ) -> Outcome:
        meter = seed.runner.networks.meter
        before = meter.seconds
        self._tell(Doing(_title(planned.cell, ())))
        self._tell(Begun((planned.identity,)))
        outcome = seed.runner.run(planned.cell, shared, fitted)
        if not seed.reference.intact():
            outcome = Outcome(failure=Failure(MODIFIED), damage=True)
        if outcome.damage:
            seed.reference.forget()
        self._spent.network += meter.seconds - before
        self._spent.scoring += outcome.scoring_seconds
        self._spent.pictures += outcome.picture_seconds
        return outcome

    def _finish(self, planned: PlannedCell, outcome: Outcome) -> None:
        self._tell_evaluated()
        given = {name: score.items for name, score in outcome.scores.items()}
        # Copies: a part of a tensor would take all of it along to another process.
        items = {name: each.clone() for name, each in given.items() if each is not None}
        spent, self._spent = self._spent, Clock()
        self._tell(Finished(record_of(self._plan, planned, outcome), items, spent))

    def _evaluated(self, count: int) -> None:
        self._untold += count
        if monotonic() - self._told > EVALUATED_SECONDS:
            self._tell_evaluated()

    def _tell_evaluated(self) -> None:
        if self._untold:
            self._tell(Evaluated(self._untold))
        self._untold, self._told = 0, monotonic()


def _title(cell: Cell, shared: Sequence[tuple[Stage, str]]) -> str:
    parts = [cell.method.spec]
    if cell.parts.solver is not None:
        parts.append(cell.parts.solver.spec)
    if shared:
        parts += [stage.name for stage, _ in shared]
    elif cell.parts.transform is not None:
        parts.append(cell.parts.transform.spec)
    return " ".join(parts)
