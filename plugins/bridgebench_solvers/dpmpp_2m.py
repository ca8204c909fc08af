"""DPM-Solver++(2M), the multistep solver of order 2 for the denoiser.

Lu, Zhou, Bao, Chen, Li and Zhu, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion
Probabilistic Models", 2022, algorithm 2. In the state x̄ = x/α their λ is -ln σ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser


def dpmpp_2m(denoiser: Denoiser, x: Tensor, intervals: Sequence[tuple[float, float]]) -> Tensor:
    """Carry `x`, (B, C, H, W), through the intervals (σ, σ'), which rise or fall.

    On the way up every h = λ' - λ is negative and the formulas are the same. The first step has no
    history and is of order 1.
    """
    D_old, h_last = None, 0.0
    for sigma, sigma_next in intervals:
        h = math.log(sigma / sigma_next)
        D = denoiser(x, x.new_full((len(x),), sigma))
        if D_old is None:
            D_tilde = D
        else:
            r = h_last / h
            # (1 + 1/2r)·D - 1/2r·D_old
            D_tilde = D.lerp(D_old, -1 / (2 * r))
        x = (x * (sigma_next / sigma)).sub_(D_tilde, alpha=math.expm1(-h))
        D_old, h_last = D, h
    return x
