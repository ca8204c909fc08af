"""Two mixtures of Gaussians on images that share a basis, and the exact map between them."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from bridgebench import generator
from bridgebench_analytic.images.bases import SHAPE, CosineBasis
from bridgebench_analytic.images.diagonal_mixture import DiagonalMixture
from bridgebench_analytic.images.domain import SIGMA_MAX, SIGMA_MIN, ImageDomain
from bridgebench_analytic.images.extrapolation import integrate

SEED = 0
COMPONENTS = 4
GREATEST_STD = 2.0
DECAY = 1.2
"""Standard deviations fall like (1 + frequency)^-1.2, as in photographs, from 2 to 0.02."""

SPREAD = 0.1
"""How much the logarithms of the standard deviations differ between components."""

MEAN_FREQUENCIES = 4
MEAN_SCALE = 3.0
"""The means differ in the 4x4 lowest frequencies of each channel."""

TOLERANCE = 1e-10
"""Of each interval of the exact map, relative to the largest coefficient."""


@cache
def source() -> ImageDomain:
    """The source domain."""
    return ImageDomain(CosineBasis(), _mixture("source"))


@cache
def target() -> ImageDomain:
    """The target domain."""
    return ImageDomain(CosineBasis(), _mixture("target"))


def _mixture(name: str) -> DiagonalMixture:
    random = generator(SEED, "mixture parameters", name)
    channel, row, column = np.indices(SHAPE)
    log_std = math.log(GREATEST_STD) - DECAY * np.log1p(np.hypot(row, column) + 4 * channel)
    log_stds = log_std + SPREAD * random.standard_normal((COMPONENTS, *SHAPE))
    low = (row < MEAN_FREQUENCIES) & (column < MEAN_FREQUENCIES)
    means = MEAN_SCALE * np.exp(log_std) * low * random.standard_normal((COMPONENTS, *SHAPE))
    weights = random.dirichlet(np.full(COMPONENTS, 5.0))
    return DiagonalMixture(
        torch.from_numpy(weights),
        torch.from_numpy(means).flatten(1),
        torch.from_numpy(np.exp(2 * log_stds)).flatten(1),
    )


def exact_map(x: Tensor) -> Tensor:
    """The DDIB map between SIGMA_MIN and SIGMA_MAX, by a solution of the ODE to TOLERANCE.

    The result is within 1e-8 of the solution, relative to the largest coefficient: far below what a
    run in float32 can see.

    Args:
        x: (B, 3, 32, 32) source images, taken as states at SIGMA_MIN.

    Returns:
        (B, 3, 32, 32) float64.
    """
    basis = CosineBasis()
    latent = carried(source().mixture, basis.coefficients(x.double()), SIGMA_MIN, SIGMA_MAX)
    return basis.images(carried(target().mixture, latent, SIGMA_MAX, SIGMA_MIN))


def carried(
    mixture: DiagonalMixture, c: Tensor, start: float, stop: float, tolerance: float = TOLERANCE
) -> Tensor:
    """Coefficients (B, d) at noise level `start`, carried to `stop` along the ODE.

    In the time t = ln σ the ODE is dc/dt = c - D(c; σ). The state is held as c/sqrt(1 + σ²), which
    stays of the size of the data.
    """

    def slope(t: float, y: Tensor) -> Tensor:
        sigma = math.exp(t)
        scale = math.hypot(1.0, sigma)
        clean = mixture.denoise(y * scale, y.new_tensor([sigma]))
        # y = c/s with s² = 1 + σ²: dy/dt = (c - D)/s - y σ²/s²
        return y / scale**2 - clean / scale

    y = c / math.hypot(1.0, start)
    y = integrate(slope, y, math.log(start), math.log(stop), tolerance)
    return y * math.hypot(1.0, stop)
