"""The local executor: the groups of a plan one after the other, in this process."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

import torch
from torch import Tensor

from bridgebench.errors import IntegrityError, PluginError
from bridgebench.execute.batches import SourceBatches
from bridgebench.execute.cell import CellRunner, Made, Outcome, SharedResult
from bridgebench.execute.cores import usable_cores
from bridgebench.execute.counting import RunContext
from bridgebench.execute.features import KeptFeatures
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.memory import keep_freed_memory
from bridgebench.execute.prefetch import pays
from bridgebench.execute.progress import Progress
from bridgebench.execute.records import Record, RecordStore, RecordWarning, Status, Value
from bridgebench.execute.scoring import MODIFIED, Extractors, Reference, Scorer
from bridgebench.execute.sharing import compute_shared
from bridgebench.execute.store import Store, user_store
from bridgebench.interfaces.dataset import Items
from bridgebench.interfaces.method import Cell, Failure, Stage
from bridgebench.interfaces.metric import Population
from bridgebench.isolation.calls import Surroundings, answering
from bridgebench.plan.model import Group, Plan, PlannedCell
from bridgebench.plan.together import evaluations_for, sets_of
from bridgebench.toolkit.item_files import item_file
from bridgebench.toolkit.pictures import save_image, save_strip


@dataclass
class Clock:
    """Where the seconds of a run went."""

    network: float = 0.0
    scoring: float = 0.0
    pictures: float = 0.0
    records: float = 0.0
    computed_cells: int = 0
    reused_cells: int = 0


@dataclass(frozen=True)
class _Bench:
    """What the cells of a seed share: their source images, the models, the context."""

    seed: int
    batches: SourceBatches
    context: RunContext
    runner: CellRunner
    reference: Reference


@dataclass
class LocalRun:
    """One run of a plan into a folder; records of cells that are there already are kept.

    `tried` are the cells to leave alone although they have no sound record, `cores` those that the
    run may use. Models and references are loaded for a seed at its first cell and kept until one of
    another seed comes.
    """

    plan: Plan
    folder: RunFolder
    progress: Progress
    save_images: bool = False
    tried: frozenset[str] = frozenset()
    clock: Clock = field(default_factory=Clock)
    store: Store = field(default_factory=user_store)
    cores: int = field(default_factory=usable_cores)
    _extractors: Extractors | None = None
    _of_run: dict[str, Population] = field(default_factory=dict)
    _bench: _Bench | None = None

    def run(self) -> None:
        """Run every cell that has no valid record."""
        missing = {cell.identity for group in self.plan.groups for cell in self._missing(group)}
        self.clock.reused_cells = len(self.plan.cells) - len(missing)
        self.progress.start(evaluations_for(self.plan, missing), len(missing))
        for group in self.plan.groups:
            if cells := [cell for cell in group.cells if cell.identity in missing]:
                self.run_group(group, cells)

    def share(self, group: Group) -> SharedResult | Outcome:
        """The shared stages of a group, or the failure of all its cells."""
        bench = self._of_seed(group.seed)
        runnable = next(cell for cell in group.cells if not cell.skip)
        self.progress.doing(_title(runnable.cell, group.shared))
        before = bench.context.meter.seconds
        shared = compute_shared(
            group, runnable.cell, bench.batches, bench.context, self.store, bench.runner.aside
        )
        self.clock.network += bench.context.meter.seconds - before
        return shared

    def run_group(
        self,
        group: Group,
        cells: Sequence[PlannedCell],
        shared: SharedResult | Outcome | None = None,
        alone: bool = False,
    ) -> None:
        """Run some cells of a group; `shared`, unless given, is what `share` makes for it.

        Cells go through the network in the sets of the plan, or each by itself if `alone`.
        """
        runnable = [cell for cell in cells if not cell.skip]
        for cell in cells:
            if cell.skip:
                self._finish(cell, Outcome())
        if not runnable:
            return
        bench = self._of_seed(group.seed)
        self.progress.begin(tuple(cell.identity for cell in runnable))
        shared = self.share(group) if shared is None else shared
        if isinstance(shared, Outcome):
            for cell in runnable:
                self._finish(cell, shared)
            return
        for members in sets_of(group, 1 if alone else self.plan.together):
            if wanted := [cell for cell in members if cell in runnable]:
                self._run_set(bench, members, wanted, shared)

    def _run_set(
        self,
        bench: _Bench,
        members: Sequence[PlannedCell],
        wanted: Sequence[PlannedCell],
        shared: SharedResult,
    ) -> None:
        """Run the wanted cells of a set; all members are translated, so that bits are the same."""
        made: Mapping[Cell, Made] = {}
        before = bench.context.meter.seconds
        if len(members) > 1:
            self.progress.doing(_title(members[0].cell, (), len(members)))
            self.progress.begin(tuple(cell.identity for cell in wanted))
            made = bench.runner.together([cell.cell for cell in members], shared)
        for cell in wanted:
            self.progress.doing(_title(cell.cell, ()))
            self.progress.begin((cell.identity,))
            outcome = bench.runner.run(cell.cell, shared, made.get(cell.cell))
            if not bench.reference.intact():
                outcome = Outcome(failure=Failure(MODIFIED), damage=True)
            if outcome.damage:
                bench.reference.forget()
            self.clock.network += bench.context.meter.seconds - before
            before = bench.context.meter.seconds
            self._finish(cell, outcome)

    def _missing(self, group: Group) -> list[PlannedCell]:
        return [
            cell
            for cell in group.cells
            if cell.identity not in self.tried and valid_record(self.folder.records, cell) is None
        ]

    def _of_seed(self, seed: int) -> _Bench:
        if self._bench is None or self._bench.seed != seed:
            self._bench = None  # one seed's images leave before those of the next are loaded
            self._bench = self._new_bench(seed)
        return self._bench

    def _new_bench(self, seed: int) -> _Bench:
        keep_freed_memory()
        task, n = self.plan.task, self.plan.n
        device = torch.device(self.plan.device)
        if self._extractors is None:
            self._extractors = Extractors(self.plan.extractors, device)
        self.progress.doing(f"loading {n} images of {task.source.domain}")
        source, batch = task.source, self.plan.batch
        with answering(f"dataset '{self.plan.dataset.name}'"):
            parts = self.plan.dataset.stream(source.domain, source.split, n, seed, batch)
            batches = SourceBatches(parts, batch, seed, device)
        if batches.wanted != n:
            raise PluginError(
                f"dataset '{self.plan.dataset.name}' streamed {batches.wanted} items of "
                f"{source.domain}, expected {n}"
            )
        keep = KeptFeatures(self.store, self.plan.measuring, device, Surroundings())
        reference = Reference(
            task, self.plan.dataset, self._extractors, n, seed, keep, self._of_run
        )
        context = RunContext(
            self.plan.setting,
            device,
            self.plan.precision,
            lambda: _copied(reference.held_out().items),
            batches.permuted,
            self.progress.evaluated,
        )
        aside = pays(device, self.cores)
        runner = CellRunner(
            batches=batches,
            low=task.item.low,
            high=task.item.high,
            context=context,
            new_scorer=partial(
                Scorer,
                self.plan.metrics,
                reference,
                self._extractors,
                batches.partners,
                alone=not aside,
            ),
            needs_cycle=self.plan.needs_cycle,
            keep=self._keeper(),
            draw=self._drawer(),
            aside=aside,
        )
        return _Bench(seed, batches, context, runner, reference)

    def _finish(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Write a cell's record, last of all, as it says that all is there."""
        begun = perf_counter()
        items = {k: score.items for k, score in outcome.scores.items() if score.items is not None}
        with self.folder.writing():
            if outcome.failure:
                self.folder.strip(planned.identity).unlink(missing_ok=True)
            self.folder.records.write(record_of(self.plan, planned, outcome), items)
        self.clock.records += perf_counter() - begun
        self.clock.scoring += outcome.scoring_seconds
        self.clock.pictures += outcome.picture_seconds
        self.clock.computed_cells += 1
        self.progress.finished_cell(planned.identity)

    def _drawer(self) -> Callable[[Cell, dict[str, Tensor]], None]:
        identities = {planned.cell: planned.identity for planned in self.plan.cells}
        item = self.plan.task.item

        def draw(cell: Cell, rows: dict[str, Tensor]) -> None:
            if rows:
                path = self.folder.strip(identities[cell])
                with self.folder.writing():
                    path.parent.mkdir(exist_ok=True)
                    save_strip(path, rows, item.low, item.high)

        return draw

    def _keeper(self) -> Callable[[Cell, tuple[str, ...], Tensor], None]:
        if not self.save_images:
            return lambda cell, ids, output: None
        identities = {planned.cell: planned.identity for planned in self.plan.cells}

        def keep(cell: Cell, ids: tuple[str, ...], output: Tensor) -> None:
            folder = self.folder.images(identities[cell])
            for item_id, image in zip(ids, output, strict=True):
                path = folder / item_file(cell.seed, item_id)
                with self.folder.writing():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    save_image(path, image, self.plan.task.item.low, self.plan.task.item.high)

        return keep


def _copied(items: Items) -> Items:
    """Items for a method, which may do with them what it likes."""
    images = items.images.clone()
    return Items(images, items.ids, items.domains)


def valid_record(records: RecordStore, cell: PlannedCell) -> Record | None:
    """The record of a cell if it is whole, succeeded, and was made from what the plan would use.

    A RecordWarning names one that is damaged.
    """
    try:
        record = records.read(cell.identity)
        if record is None or record.key != cell.key or record.status in ("failed", "timeout"):
            return None
        records.items(record)
    except (IntegrityError, OSError) as error:
        warnings.warn(f"a cell is computed again: {error}", RecordWarning, stacklevel=2)
        return None
    return record


def record_of(plan: Plan, planned: PlannedCell, outcome: Outcome) -> Record:
    """The record of a cell that has ended."""
    failure = outcome.failure
    method = planned.cell.method
    return Record(
        identity=planned.identity,
        key=planned.key,
        status=_status(planned, outcome),
        reason=planned.skip or (failure.reason if failure else ""),
        traceback=failure.traceback if failure else "",
        axes=planned.axes,
        baseline=method.baseline,
        values={
            name: Value(value=score.value, low=score.low, high=score.high)
            for name, score in outcome.scores.items()
        },
        cost=outcome.cost,
        facts={"supervision": method.supervision.value, "latent_std": outcome.latent_std},
        fingerprint=plan.fingerprint,
        provenance=planned.provenance,
    )


def _status(planned: PlannedCell, outcome: Outcome) -> Status:
    if planned.skip:
        return "skipped"
    if outcome.failure is None:
        return "ok"
    return "timeout" if outcome.timed_out else "failed"


def _title(cell: Cell, shared: Sequence[tuple[Stage, str]], together: int = 1) -> str:
    parts = [cell.method.spec]
    if cell.solver is not None:
        parts.append(cell.solver.spec)
    if shared:
        parts += [stage.name for stage, _ in shared]
    elif together > 1:
        parts.append(f"{together} transforms")
    elif cell.transform is not None:
        parts.append(cell.transform.spec)
    return " ".join(parts)
