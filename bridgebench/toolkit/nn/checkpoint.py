"""Checkpoints of a training run: all of its state in one file, for a run that goes on exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from bridgebench.toolkit.nn.files import read_tensors, write_tensors


@dataclass(frozen=True)
class Reached:
    """How far a run has come.

    Attributes:
        step: steps done.
        steps: steps planned.
        seconds: wall-clock time spent.
    """

    step: int
    steps: int
    seconds: float


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds, after it was found to belong to the run.

    Attributes:
        reached: how far the run had come.
        tensors: the state by "PART.NAME".
    """

    reached: Reached
    tensors: Mapping[str, Tensor]

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors of one part, by their names in it."""
        prefix = f"{name}."
        return {k.removeprefix(prefix): v for k, v in self.tensors.items() if k.startswith(prefix)}

    def fill(self, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Give optimizers the state that they had."""
        for i, optimizer in enumerate(optimizers):
            state: dict[int, dict[str, Tensor]] = {}
            for name, tensor in self.part(f"optimizer.{i}").items():
                index, key = name.split(".")
                state.setdefault(int(index), {})[key] = tensor
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": state, "param_groups": groups})


def save_checkpoint(
    path: Path,
    parts: Mapping[str, Mapping[str, Tensor]],
    optimizers: Sequence[torch.optim.Optimizer],
    reached: Reached,
    identity: Mapping[str, object],
) -> None:
    """Write the state of a run, atomically.

    Args:
        path: of the file.
        parts: state dicts by name; "optimizer" is taken.
        optimizers: always in the same order.
        reached: how far the run has come.
        identity: JSON types that decide the weights, but for the number of steps.
    """
    tensors = {f"{part}.{k}": v for part, state in parts.items() for k, v in state.items()}
    for i, optimizer in enumerate(optimizers):
        for j, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{j}.{k}": v for k, v in state.items()}
    metadata = {
        "step": str(reached.step),
        "seconds": f"{reached.seconds:.1f}",
        "steps": str(reached.steps),
        "identity": json.dumps(identity, sort_keys=True),
    }
    write_tensors(path, tensors, metadata)


def read_checkpoint(
    path: Path,
    identity: Mapping[str, object],
    factor: Callable[[int, int], float],
    steps: int,
) -> Checkpoint:
    """The checkpoint of a run that is to go on to `steps` steps.

    Args:
        path: of the file.
        identity: of the run that is to go on.
        factor: (step, steps planned) -> the learning rate of that step as a share of its peak.
        steps: steps planned now, which may be others than before as long as the learning rate
            has not yet gone another way for it.

    Raises:
        IntegrityError: the file is damaged.
        ValueError: it belongs to another run.
    """
    tensors, metadata = read_tensors(path)
    if metadata.get("identity") != json.dumps(identity, sort_keys=True):
        raise ValueError(
            f"{path}: the checkpoint of another recipe; give the options it was made with, "
            "or another --out, or --restart"
        )
    reached = Reached(
        step=int(metadata["step"]),
        steps=int(metadata["steps"]),
        seconds=float(metadata["seconds"]),
    )
    last = reached.step - 1
    if last >= 0 and factor(last, reached.steps) != factor(last, steps):
        raise ValueError(
            f"{path}: its learning rate fell towards {reached.steps} steps already; "
            "train for as many, or give --restart"
        )
    return Checkpoint(reached, tensors)
