"""Shared stages: each is computed once, and kept on disk for later runs."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import torch
from torch import Tensor

from bridgebench.errors import PluginError
from bridgebench.execute.batches import FilledBatch, SourceBatches
from bridgebench.execute.cell import Outcome, SharedResult, failed
from bridgebench.execute.prefetch import ahead
from bridgebench.execute.run_context import MethodContext
from bridgebench.execute.spool import Spool
from bridgebench.execute.store import Store, Stored
from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.cell import Cell, Stage, naming_options
from bridgebench.isolation.calls import isolated, lent
from bridgebench.plan.model import Group, Plan

RESULT = "result"


def compute_shared(
    group: Group,
    cell: Cell,
    batches: SourceBatches,
    context: MethodContext,
    store: Store,
    aside: bool,
) -> SharedResult | Outcome:
    """The shared stages of a group for every batch, or the failure of all its cells.

    The cost is that of computing them, also where they come from the store. With `aside` the next
    batch is loaded while the networks work.
    """
    if not group.shared:
        return SharedResult((None,) * len(batches))
    tensors = Spool()
    evaluated, seconds = 0, 0.0
    try:
        for index, filled in enumerate(ahead(batches.__getitem__, len(batches), aside)):
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


def arithmetic(device: torch.device) -> dict[str, str | int]:
    """What last bits depend on besides the program: libraries, processor, threads."""
    if device.type == "cuda":
        return {
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name(device),
            "cuda": str(torch.version.cuda),
        }
    return {
        "torch": torch.__version__,
        "device": platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bf16": torch.cpu._is_avx512_bf16_supported() + 2 * torch.cpu._is_amx_tile_supported(),
        "threads": torch.get_num_threads(),
    }


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
    who = f"method '{cell.method.name}'"
    with lent(who, "input batch", filled.batch.images, before) as (images, given):
        batch = replace(filled.batch, images=images)
        already, begun = context.networks.meter.evaluated, perf_counter()
        limited = cell.for_stage(stage)
        own = replace(context, method=limited.method)
        with isolated(who), naming_options(limited):
            result = limited.method.run_stage(limited, batch, given, own)
        evaluated += context.networks.meter.evaluated - already
        context.networks.wait()
        seconds += perf_counter() - begun
    _check(result, len(batch.ids), who, stage)
    store.put(key, Stored({RESULT: result}, {"evaluated": evaluated, "seconds": seconds}))
    return result, evaluated, seconds


def _check(result: object, images: int, who: str, stage: Stage) -> None:
    """PluginError for a result that is no tensor of so many images."""
    if not isinstance(result, Tensor):
        raise PluginError(f"{who} gave a {type(result).__name__}, but run_stage() gives a tensor")
    if result.ndim == 0 or len(result) != images:
        raise PluginError(
            f"{who} gave a result of shape {tuple(result.shape)} in {stage.name}, expected "
            f"{images} images"
        )


def _sound(kept: Stored | None, images: int) -> Stored | None:
    """An entry that holds what a shared stage gives for so many images."""
    whole = (
        kept is not None
        and kept.tensors.keys() == {RESULT}
        and len(kept.tensors[RESULT]) == images
        and kept.facts.keys() == {"evaluated", "seconds"}
    )
    return kept if whole else None
