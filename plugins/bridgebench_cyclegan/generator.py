"""A generator in memory, loaded once a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from bridgebench import Network, Precision
from bridgebench_cyclegan.weights import load_pair

_DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class GeneratorFile:
    """Loads one generator of a weights file, `to_target` or `to_source`."""

    path: Path
    name: str

    def __call__(self, device: torch.device, precision: Precision) -> Network:
        """(B, C, H, W) -> the other domain's; IntegrityError for a file that does not fit."""
        network, dtype = load_pair(self.path)[self.name], _DTYPES[precision]
        network.to(device, dtype).to(memory_format=torch.channels_last)

        def generator(x: Tensor) -> Tensor:
            out: Tensor = network(x.to(dtype, memory_format=torch.channels_last))
            return out.to(x.dtype)

        return generator
