"""Fits: a method is fitted to training images once, and the result is kept for later runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter

import torch
from torch import Tensor

from bridgebench.errors import PluginError
from bridgebench.execute.arithmetic import arithmetic
from bridgebench.execute.cell import Fitted, Outcome, failed
from bridgebench.execute.run_context import MethodContext
from bridgebench.execute.store import Store, Stored
from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.cell import Cell, Stage, naming_options
from bridgebench.isolation.calls import isolated

SECONDS = "seconds"


def compute_fit(
    stage: Stage, key: str, cell: Cell, context: MethodContext, store: Store
) -> Fitted | Outcome:
    """The fit of a cell, from the store where it is there, or the failure of its cells.

    A fit that is interrupted leaves nothing behind.
    """
    entry = digest([key, arithmetic(context.device)])
    kept = store.get(entry)
    if kept is not None and kept.facts.keys() == {SECONDS}:
        return Fitted(kept.tensors, kept.facts[SECONDS])
    limited = cell.for_stage(stage)
    who = f"method '{cell.method.name}'"
    begun = perf_counter()
    try:
        with torch.enable_grad(), isolated(who), naming_options(limited):
            tensors = limited.method.fit(limited, replace(context, method=limited.method))
        context.networks.wait()
        fitted = Fitted(_checked(tensors, who), perf_counter() - begun)
    except Exception as error:
        return failed(error, f"in its {stage.name}: ")
    store.put(entry, Stored(dict(fitted.tensors), {SECONDS: fitted.seconds or 0.0}))
    return fitted


def _checked(given: object, who: str) -> dict[str, Tensor]:
    """What a fit gave, on the CPU; PluginError unless it is finite tensors by name."""
    if not isinstance(given, Mapping) or not all(isinstance(each, str) for each in given):
        raise PluginError(
            f"{who} gave a {type(given).__name__}, but fit() gives tensors in a dict by name"
        )
    for name, tensor in given.items():
        if not isinstance(tensor, Tensor) or not torch.isfinite(tensor).all():
            raise PluginError(f"{who} gave '{name}' in fit(), which is no tensor of finite numbers")
    return {name: tensor.detach().cpu().contiguous() for name, tensor in given.items()}
