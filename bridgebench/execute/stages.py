"""Running the shared stages of a cell."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from bridgebench.errors import PluginError
from bridgebench.execute.run_context import MethodContext
from bridgebench.interfaces.cell import Cell, Stage, naming_options
from bridgebench.interfaces.method import Batch
from bridgebench.isolation.calls import isolated, protected
from bridgebench.plan.answers import shared_stages_of


def run_stages(cell: Cell, batch: Batch, context: MethodContext) -> Tensor | None:
    """The result of the last shared stage of a cell for a batch; None where it has none."""
    result: Tensor | None = None
    for stage in shared_stages_of(cell, context.setting):
        result = run_stage(stage, cell, batch, result, context)
    return result


def run_stage(
    stage: Stage, cell: Cell, batch: Batch, previous: Tensor | None, context: MethodContext
) -> Tensor:
    """The result of a stage for a batch; PluginError unless it is a tensor of so many images."""
    who = f"method '{cell.method.name}'"
    limited = cell.for_stage(stage)
    own = replace(context, method=limited.method)
    with protected(who, "input batch", batch.images, previous) as (images, given):
        with isolated(who), naming_options(limited):
            result: object = limited.method.run_stage(
                limited, replace(batch, images=images), given, own
            )
        context.networks.wait()
    if not isinstance(result, Tensor):
        raise PluginError(f"{who} gave a {type(result).__name__}, but run_stage() gives a tensor")
    if result.ndim == 0 or len(result) != len(batch.ids):
        raise PluginError(
            f"{who} gave a result of shape {tuple(result.shape)} in {stage.name}, expected "
            f"{len(batch.ids)} images"
        )
    return result
