"""DPM-Solver++(2S), the singlestep solver of order 2 for the denoiser.

Lu, Zhou, Bao, Chen, Li and Zhu, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion
Probabilistic Models", 2022, algorithm 1, with r = 1/2. In the state x̄ = x/α their λ is -ln σ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser


def dpmpp_2s(denoiser: Denoiser, x: Tensor, intervals: Sequence[tuple[float, float]]) -> Tensor:
    """Carry `x`, (B, C, H, W), through the intervals (σ, σ'), which rise or fall.

    With r = 1/2 the weights 1 - 1/2r and 1/2r of the two denoised images are 0 and 1.
    """
    for sigma, sigma_next in intervals:
        h = math.log(sigma / sigma_next)
        s = math.sqrt(sigma * sigma_next)  # the noise level halfway in λ
        D = denoiser(x, x.new_full((len(x),), sigma))
        u = (x * (s / sigma)).sub_(D, alpha=math.expm1(-h / 2))
        D_s = denoiser(u, u.new_full((len(u),), s))
        x = (x * (sigma_next / sigma)).sub_(D_s, alpha=math.expm1(-h))
    return x
