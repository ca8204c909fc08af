"""Shared stages: each is computed once, and kept on disk for later runs."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import torch
from torch import Tensor

from bridgebench.execute.arithmetic import arithmetic
from bridgebench.execute.batches import FilledBatch, SourceBatches
from bridgebench.execute.cell import Outcome, SharedResult, failed
from bridgebench.execute.prefetch import ahead
from bridgebench.execute.run_context import MethodContext
from bridgebench.execute.spool import Spool
from bridgebench.execute.stages import run_stage
from bridgebench.execute.store import Store, Stored
from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.cell import Cell, Stage
from bridgebench.plan.model import Group, Plan

RESULT = "result"


def compute_shared(
    group: Group,
    cell: Cell,
    batches: SourceBatches,
    context: MethodContext,
    store: Store,
    threaded: bool,
) -> SharedResult | Outcome:
    """The shared stages of a group for every batch, or the failure of all its cells.

    The cost is that of computing them, also where they come from the store. With `threaded` the
    next batch is loaded while the networks work.
    """
    if not group.shared:
        return SharedResult((None,) * len(batches))
    tensors = Spool()
    evaluated, seconds = 0, 0.0
    try:
        for index, filled in enumerate(ahead(batches.__getitem__, len(batches), threaded)):
            tensor, spent, took = _of_batch(group.shared, cell, index, filled, context, store)
            tensors.append(tensor)
            evaluated += spent
            seconds += took
    except Exception as error:
        stages = ", ".join(stage.name for stage, _ in group.shared)
        return failed(error, f"in the shared stage {stages}: ")
    return SharedResult(tensors, evaluated, seconds)


def cached_share(group: Group, plan: Plan, store: Store) -> float:
    """The share of a group's batches whose last shared stage is in the store."""
    if not group.shared:
        return 0.0
    device = torch.device(plan.device)
    reals = [min(plan.batch, plan.n - start) for start in range(0, plan.n, plan.batch)]
    there = [
        store.has(entry_key(group.shared[-1][1], index, real, device))
        for index, real in enumerate(reals)
    ]
    return sum(there) / len(there)


def entry_key(stage_key: str, index: int, real: int, device: torch.device) -> str:
    """The key of a stage's result for the batch `index`, of which `real` images are wanted.

    Whole batches are the same for any number of images. Last bits depend on the machine and on how
    many threads share the work.
    """
    return digest([stage_key, index, real, arithmetic(device)])


@torch.no_grad()
def _of_batch(
    stages: Sequence[tuple[Stage, str]],
    cell: Cell,
    index: int,
    filled: FilledBatch,
    context: MethodContext,
    store: Store,
) -> tuple[Tensor, int, float]:
    """The result of the last of some stages, the evaluations it takes, and the seconds."""
    *earlier, (stage, stage_key) = stages
    key = entry_key(stage_key, index, filled.real, context.device)
    kept = _sound(store.get(key), len(filled.batch.ids))
    if kept is not None:
        evaluated = int(kept.facts["evaluated"])
        context.networks.progressed(evaluated)
        return kept.tensors[RESULT].to(context.device), evaluated, kept.facts["seconds"]
    before: Tensor | None = None
    evaluated, seconds = 0, 0.0
    if earlier:
        before, evaluated, seconds = _of_batch(earlier, cell, index, filled, context, store)
    already, begun = context.networks.meter.evaluated, perf_counter()
    result = run_stage(stage, cell, filled.batch, before, context)
    seconds += perf_counter() - begun
    evaluated += context.networks.meter.evaluated - already
    store.put(key, Stored({RESULT: result}, {"evaluated": evaluated, "seconds": seconds}))
    return result, evaluated, seconds


def _sound(kept: Stored | None, images: int) -> Stored | None:
    """An entry that holds what a shared stage gives for so many images."""
    whole = (
        kept is not None
        and kept.tensors.keys() == {RESULT}
        and len(kept.tensors[RESULT]) == images
        and kept.facts.keys() == {"evaluated", "seconds"}
    )
    return kept if whole else None
