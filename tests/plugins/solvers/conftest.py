from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixture:
    """The exact denoiser of a mixture of Gaussians with one standard deviation."""

    weights: Tensor
    means: Tensor
    std: float
    sigma_min: float = 0.02
    sigma_max: float = 80.0

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        variance = self.std**2 + sigma.view(-1, 1) ** 2
        offsets = (x[:, None] - self.means[None]).flatten(2).square().sum(-1)
        p = torch.softmax(self.weights.log() - offsets / (2 * variance), dim=1)
        mean = torch.einsum("bk,kchw->bchw", p, self.means)
        variance = variance.view(-1, 1, 1, 1)
        return (self.std**2 * x + sigma.view(-1, 1, 1, 1) ** 2 * mean) / variance


@pytest.fixture(scope="session")
def stored() -> dict[str, Tensor]:
    """The stored trajectories, and the mixture and the noise that they began with."""
    path = Path(__file__).parent / "data" / "trajectories.npz"
    with np.load(path, allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


@pytest.fixture(scope="session")
def mixture(stored: dict[str, Tensor]) -> Mixture:
    return Mixture(stored["weights"], stored["means"], stored["std"].item())
