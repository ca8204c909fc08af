"""The local executor: the groups of a plan one after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

import torch
from torch import Tensor

from bridgebench.errors import PluginError
from bridgebench.execute.batches import SourceBatches
from bridgebench.execute.cell import CellRunner, Failure, Fitted, Outcome, SharedResult
from bridgebench.execute.clock import Clock as Clock
from bridgebench.execute.cores import usable_cores
from bridgebench.execute.features import Extractors, KeptFeatures
from bridgebench.execute.finished import valid_record as valid_record
from bridgebench.execute.fitting import compute_fit
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.memory import keep_freed_memory
from bridgebench.execute.prefetch import pays
from bridgebench.execute.progress import Progress
from bridgebench.execute.records import Record, Status, Value
from bridgebench.execute.reference import MODIFIED, Kept, Reference
from bridgebench.execute.run_context import Images, Networks
from bridgebench.execute.scoring import Scorer
from bridgebench.execute.sharing import compute_shared
from bridgebench.execute.store import Store, user_store
from bridgebench.interfaces.cell import Cell, Stage
from bridgebench.interfaces.dataset import Items, ItemStream
from bridgebench.isolation.calls import Surroundings, answering
from bridgebench.plan.model import Group, Plan, PlannedCell, evaluations_for
from bridgebench.toolkit.item_files import item_file
from bridgebench.toolkit.pictures import save_image, save_strip


@dataclass(frozen=True)
class _Bench:
    """What the cells of a seed share: their source images, networks and reference."""

    seed: int
    batches: SourceBatches
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
    _of_run: Kept = field(default_factory=Kept)
    _bench: _Bench | None = None
    _fits: dict[str, Fitted | Outcome] = field(default_factory=dict)

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
        fitted = self._fitted(bench, runnable)
        if isinstance(fitted, Outcome):
            return fitted
        self.progress.doing(_title(runnable.cell, group.shared))
        context = bench.runner.context_of(runnable.cell.method, fitted)
        before = context.networks.meter.seconds
        shared = compute_shared(
            group, runnable.cell, bench.batches, context, self.store, bench.runner.aside
        )
        self.clock.network += context.networks.meter.seconds - before
        return shared

    def run_group(
        self,
        group: Group,
        cells: Sequence[PlannedCell],
        shared: SharedResult | Outcome | None = None,
    ) -> None:
        """Run some cells of a group; `shared`, unless given, is what `share` makes for it."""
        runnable = [cell for cell in cells if not cell.skip]
        for cell in cells:
            if cell.skip:
                self._finish(cell, Outcome())
        if not runnable:
            return
        bench = self._of_seed(group.seed)
        self.progress.begin(tuple(cell.identity for cell in runnable))
        shared = self.share(group) if shared is None else shared
        for cell in runnable:
            fitted = shared if isinstance(shared, Outcome) else self._fitted(bench, cell)
            if isinstance(shared, Outcome):
                self._finish(cell, shared)
            elif isinstance(fitted, Outcome):
                self._finish(cell, fitted)
            else:
                self._run_cell(bench, cell, shared, fitted)

    def _fitted(self, bench: _Bench, planned: PlannedCell) -> Fitted | Outcome:
        """What the fit of a cell gives, computed once for all that share it, or its failure."""
        if planned.fit is None:
            return Fitted()
        stage, key = planned.fit
        if key not in self._fits:
            self.progress.doing(f"{planned.cell.method.spec} {stage.name}")
            context = bench.runner.context_of(planned.cell.method)
            self._fits[key] = compute_fit(stage, key, planned.cell, context, self.store)
        return self._fits[key]

    def _run_cell(
        self, bench: _Bench, planned: PlannedCell, shared: SharedResult, fitted: Fitted
    ) -> None:
        meter = bench.runner.networks.meter
        before = meter.seconds
        self.progress.doing(_title(planned.cell, ()))
        self.progress.begin((planned.identity,))
        outcome = bench.runner.run(planned.cell, shared, fitted)
        if not bench.reference.intact():
            outcome = Outcome(failure=Failure(MODIFIED), damage=True)
        if outcome.damage:
            bench.reference.forget()
        self.clock.network += meter.seconds - before
        self._finish(planned, outcome)

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
        dataset, target = self.plan.dataset, task.target
        images = Images(
            permuted=batches.permuted,
            training=lambda domain: ItemStream(dataset, domain, dataset.training_split, seed),
            training_pairs=lambda size: training_pairs(self.plan, seed, size),
            held_out=ItemStream(dataset, target.domain, target.held_out, seed),
        )
        aside = pays(device, self.cores)
        runner = CellRunner(
            batches=batches,
            setting=self.plan.setting,
            networks=Networks(device, self.plan.precision, self.progress.evaluated),
            images=images,
            new_scorer=partial(
                Scorer,
                self.plan.metrics,
                reference,
                self._extractors,
                batches.partners,
                alone=not aside,
            ),
            needs_cycle=self.plan.needs_cycle,
            samples=self.plan.samples,
            keep=self._keeper(),
            draw=self._drawer(),
            aside=aside,
        )
        return _Bench(seed, batches, runner, reference)

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


def training_pairs(plan: Plan, seed: int, size: int) -> Iterator[tuple[Items, Tensor]]:
    """Training items of the source domain with their true targets, in batches of `size`."""
    dataset, source, target = plan.dataset, plan.setting.source, plan.setting.target
    split = dataset.training_split
    for items in ItemStream(dataset, source, split, seed).batches(size):
        yield items, dataset.true_targets(items, source, target, split, seed)


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


def _title(cell: Cell, shared: Sequence[tuple[Stage, str]]) -> str:
    parts = [cell.method.spec]
    if cell.parts.solver is not None:
        parts.append(cell.parts.solver.spec)
    if shared:
        parts += [stage.name for stage, _ in shared]
    elif cell.parts.transform is not None:
        parts.append(cell.parts.transform.spec)
    return " ".join(parts)
