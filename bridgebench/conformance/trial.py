"""Trials: a cell run by the runner on a few items, with a record of what it asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import torch
import torchmetrics
from pydantic import PrivateAttr
from torch import Tensor

from bridgebench.conformance.check import CellFailed
from bridgebench.conformance.items import joined
from bridgebench.execute.batches import SourceBatches
from bridgebench.execute.cell import NOT_FITTED, CellRunner, Failure, Fitted, SharedResult
from bridgebench.execute.fitting import compute_fit
from bridgebench.execute.run_context import Images, Networks
from bridgebench.execute.scoring import Scorer
from bridgebench.execute.stages import run_stage
from bridgebench.execute.store import Store
from bridgebench.interfaces.cell import Cell
from bridgebench.interfaces.dataset import Items, ItemStream
from bridgebench.interfaces.metric import Column, Metric, MetricContext, Observed, Score
from bridgebench.isolation.calls import querying
from bridgebench.plan.answers import fit_stage_of, shared_stages_of

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness
    from bridgebench.interfaces.method import Batch
    from bridgebench.interfaces.score_model import Denoiser, DenoiserFamily, ScoreModel

SEED = 0


@dataclass(frozen=True)
class Arrangement:
    """How the items go through a trial.

    order       the items by their places; () for all in order
    batch       the batch size; 0 for all at once
    sample      which random numbers the items draw
    torch_seed  the seed of torch's global random numbers, which nothing must depend on
    back        whether the outputs are translated back
    """

    order: tuple[int, ...] = ()
    batch: int = 0
    sample: int = 0
    torch_seed: int = 0
    back: bool = False


IN_ORDER = Arrangement()


@dataclass(frozen=True)
class Trial:
    """What came of a cell.

    outputs    (n, C, H, W), in the order of the arrangement
    back       the outputs translated back, or None
    results    the result of each shared stage, by name
    whole_run  the stages that asked for partners of their items
    evaluated  network evaluations of an image, counted
    asked      the denoisers that were asked for: score model and domain
    """

    outputs: Tensor
    back: Tensor | None
    results: Mapping[str, Tensor]
    whole_run: frozenset[str]
    evaluated: float
    asked: frozenset[tuple[ScoreModel, str]]


class WatchedNetworks(Networks):
    """Networks that record the denoisers they are asked for."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device, "fp32", lambda _: None)
        self.asked: set[tuple[ScoreModel, str]] = set()

    def family(self, score: ScoreModel) -> DenoiserFamily:
        """A score model in memory, each of its denoisers recorded."""
        return _WatchedFamily(super().family(score), score, self.asked)


@dataclass(frozen=True)
class _WatchedFamily:
    inner: DenoiserFamily
    score: ScoreModel
    asked: set[tuple[ScoreModel, str]]

    def denoiser(self, domains: Sequence[str]) -> Denoiser:
        self.asked.update((self.score, domain) for domain in domains)
        return self.inner.denoiser(domains)


class _Recorder(Metric):
    """A metric that keeps what a run hands to it."""

    name: ClassVar[str] = "recorder"

    _seen: list[Observed] = PrivateAttr(default_factory=list)

    @property
    def seen(self) -> Sequence[Observed]:
        """What it was handed."""
        return self._seen

    def columns(self) -> tuple[Column, ...]:
        """None."""
        return ()

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter that computes nothing."""
        return _RecorderMeter(self._seen)


class _RecorderMeter(torchmetrics.Metric):
    full_state_update = False

    def __init__(self, seen: list[Observed]) -> None:
        super().__init__()
        self._seen = seen

    def update(self, observed: Observed) -> None:
        self._seen.append(observed)

    def compute(self) -> dict[str, Score]:
        return {}


@torch.no_grad()
def run_trial(
    harness: Harness, cell: Cell, items: Items, how: Arrangement, fitted: Fitted
) -> Trial:
    """Run a cell on some items as a run does; CellFailed where its row would be a failed one."""
    recorder = _Recorder()
    partners: list[Batch] = []
    images = _images(harness, items, harness.task.target.held_out, partners)
    runner = _runner(harness, items, how, images, recorder)
    if cell.method.sees_items:
        with querying(f"method '{cell.method.name}'"):
            cell.method.check_items(cell, items.ids, harness.setting)
    networks = harness.networks
    networks.asked.clear()
    before = networks.meter.evaluated
    with torch_seeded(how.torch_seed):
        results, whole_run = _stages(runner, cell, fitted, partners)
        last = list(results.values())[-1] if results else [None] * len(runner.batches)
        shared = SharedResult(last, networks.meter.evaluated - before)
        outcome = runner.run(cell, shared, fitted)
    if outcome.failure is not None:
        raise _failed(outcome.failure)
    back = [observed.cycled for observed in recorder.seen if observed.cycled is not None]
    return Trial(
        outputs=torch.cat([observed.output for observed in recorder.seen]),
        back=torch.cat(back) if back else None,
        results={name: torch.cat(parts) for name, parts in results.items()},
        whole_run=frozenset(whole_run),
        evaluated=outcome.cost["nfe_total"] or 0,
        asked=frozenset(networks.asked),
    )


def run_fit(harness: Harness, cell: Cell, held_out: str, torch_seed: int) -> Fitted:
    """The fit of a cell, computed anew beside the held-out images of some split.

    CellFailed where it fails.
    """
    stage = fit_stage_of(cell, harness.setting)
    if stage is None:
        return NOT_FITTED
    items = harness.source()
    images = _images(harness, items, held_out, [])
    context = _runner(harness, items, IN_ORDER, images, _Recorder()).context_of(cell.method)
    with torch_seeded(torch_seed):
        fitted = compute_fit(stage, "", cell, context, Store(Path(), limit=0))
    if isinstance(fitted, Fitted):
        return fitted
    assert fitted.failure is not None  # what compute_fit gives in place of a fit
    raise _failed(fitted.failure)


@contextmanager
def torch_seeded(seed: int) -> Iterator[None]:
    """Torch's global random numbers in some state, and in their own afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _images(harness: Harness, items: Items, held_out: str, partners: list[Batch]) -> Images:
    """The images of a run on few items; the partners that are asked for are recorded."""
    setting, split, few = harness.setting, harness.dataset.training_split, harness.few
    whole = SourceBatches([items], len(items), SEED, harness.device)

    def permuted(batch: Batch) -> Batch:
        partners.append(whole.permuted(batch))
        return partners[-1]

    def training_pairs(size: int) -> Iterator[tuple[Items, Tensor]]:
        for part in ItemStream(few, setting.source, split, SEED).batches(size):
            yield part, few.true_targets(part, setting.source, setting.target, split, SEED)

    return Images(
        permuted=permuted,
        training=lambda domain: ItemStream(few, domain, split, SEED),
        training_pairs=training_pairs,
        held_out=ItemStream(few, setting.target, held_out, SEED),
    )


def _runner(
    harness: Harness, items: Items, how: Arrangement, images: Images, recorder: Metric
) -> CellRunner:
    order = how.order or range(len(items))
    arranged = joined([items.slice(place, place + 1) for place in order])
    size = how.batch or len(order)
    batches = SourceBatches(arranged.batches(size), size, SEED, harness.device, sample=how.sample)
    reference = harness.reference(recorder, len(order))
    return CellRunner(
        batches=batches,
        setting=harness.setting,
        networks=harness.networks,
        images=images,
        new_scorer=lambda: Scorer([recorder], reference, reference.extractors, batches.partners),
        needs_cycle=how.back,
        samples=1,
        keep=lambda cell, ids, output: None,
        draw=lambda cell, rows: None,
        threaded=False,
    )


def _stages(
    runner: CellRunner, cell: Cell, fitted: Fitted, partners: Sequence[Batch]
) -> tuple[dict[str, list[Tensor]], set[str]]:
    """The results of the shared stages by name, one a batch, and who asked for partners."""
    context = runner.context_of(cell.method, fitted)
    results: dict[str, list[Tensor]] = {}
    whole_run: set[str] = set()
    for filled in runner.batches:
        result: Tensor | None = None
        for stage in shared_stages_of(cell, runner.setting):
            asked = len(partners)
            result = run_stage(stage, cell, filled.batch, result, context)
            results.setdefault(stage.name, []).append(result)
            if len(partners) > asked:
                whole_run.add(stage.name)
    return results, whole_run


def _failed(failure: Failure) -> CellFailed:
    # Of an error of the runner's own, the message says all.
    own = failure.traceback.rstrip().rpartition("\n")[2].startswith("bridgebench.errors.")
    return CellFailed(failure.reason, "" if own else failure.traceback)
