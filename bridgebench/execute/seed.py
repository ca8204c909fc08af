"""What the cells of a seed share: their source images, networks and reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from bridgebench.errors import PluginError
from bridgebench.execute.batches import SourceBatches
from bridgebench.execute.cell import CellRunner, Fitted, Outcome
from bridgebench.execute.features import Extractors, KeptFeatures
from bridgebench.execute.memory import keep_freed_memory
from bridgebench.execute.pictures import Pictures
from bridgebench.execute.prefetch import use_second_thread
from bridgebench.execute.reference import Kept, Reference
from bridgebench.execute.run_context import Images, Networks
from bridgebench.execute.scoring import Scorer
from bridgebench.execute.store import Store
from bridgebench.interfaces.dataset import Items, ItemStream
from bridgebench.isolation.calls import Surroundings, querying
from bridgebench.plan.model import Plan


@dataclass(frozen=True)
class LoadedSeed:
    """A seed that is in memory, with the fits or their failures by key."""

    seed: int
    batches: SourceBatches
    runner: CellRunner
    reference: Reference
    fits: dict[str, Fitted | Outcome] = field(default_factory=dict)


@dataclass
class Seeds:
    """The seeds of a plan, of which one is loaded at a time.

    cores      that the run may use
    evaluated  is told how many images have gone through a network
    """

    plan: Plan
    store: Store
    cores: int
    evaluated: Callable[[int], None]
    pictures: Pictures
    _of_run: Kept = field(default_factory=Kept)
    _extractors: Extractors | None = None
    _networks: Networks | None = None
    _loaded: LoadedSeed | None = None

    def is_loaded(self, seed: int) -> bool:
        """Whether a seed is in memory."""
        return self._loaded is not None and self._loaded.seed == seed

    def loaded(self, seed: int) -> LoadedSeed:
        """A seed, loaded at its first cell and kept until a cell of another comes."""
        if self._loaded is None or self._loaded.seed != seed:
            self._loaded = None  # one seed's images leave before those of the next are loaded
            self._loaded = self._load(seed)
        return self._loaded

    def _load(self, seed: int) -> LoadedSeed:
        keep_freed_memory()
        plan, device = self.plan, torch.device(self.plan.device)
        if self._extractors is None:
            self._extractors = Extractors(plan.extractors, device)
        if self._networks is None:
            self._networks = Networks(device, plan.precision, self.evaluated)
        batches = self._batches(seed, device)
        keep = KeptFeatures(self.store, plan.measuring, device, Surroundings())
        reference = Reference(
            plan.task, plan.dataset, self._extractors, plan.n, seed, keep, self._of_run
        )
        threaded = use_second_thread(device, self.cores)
        runner = CellRunner(
            batches=batches,
            setting=plan.setting,
            networks=self._networks,
            images=_images(plan, seed, batches),
            new_scorer=partial(
                Scorer,
                plan.metrics,
                reference,
                self._extractors,
                batches.partners,
                alone=not threaded,
            ),
            needs_cycle=plan.needs_cycle,
            samples=plan.samples,
            keep=self.pictures.outputs,
            draw=self.pictures.strip,
            threaded=threaded,
        )
        return LoadedSeed(seed, batches, runner, reference)

    def _batches(self, seed: int, device: torch.device) -> SourceBatches:
        plan, source = self.plan, self.plan.task.source
        with querying(f"dataset '{plan.dataset.name}'"):
            parts = plan.dataset.stream(source.domain, source.split, plan.n, seed, plan.batch)
            batches = SourceBatches(parts, plan.batch, seed, device)
        if batches.wanted != plan.n:
            raise PluginError(
                f"dataset '{plan.dataset.name}' streamed {batches.wanted} items of "
                f"{source.domain}, expected {plan.n}"
            )
        return batches


def _images(plan: Plan, seed: int, batches: SourceBatches) -> Images:
    """The images that methods may ask for."""
    dataset, target = plan.dataset, plan.task.target
    return Images(
        permuted=batches.permuted,
        training=lambda domain: ItemStream(dataset, domain, dataset.training_split, seed),
        training_pairs=partial(_training_pairs, plan, seed),
        held_out=ItemStream(dataset, target.domain, target.held_out, seed),
    )


def _training_pairs(plan: Plan, seed: int, size: int) -> Iterator[tuple[Items, Tensor]]:
    """Training items of the source domain with their true targets, in batches of `size`."""
    dataset, source, target = plan.dataset, plan.setting.source, plan.setting.target
    split = dataset.training_split
    for items in ItemStream(dataset, source, split, seed).batches(size):
        yield items, dataset.true_targets(items, source, target, split, seed)
