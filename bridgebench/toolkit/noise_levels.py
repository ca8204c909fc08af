"""Grids of noise levels between sigma_min and sigma_max.

Everything is computed in float64 and handed out as Python floats. Sources: Karras et al. (NeurIPS
2022), equation 5, for `karras`; Lu et al. (DPM-Solver, NeurIPS 2022) for uniform steps of
λ = -ln σ; Song et al. (ICLR 2021) for the VP time, with β from 0.1 to 20.
"""

import math
from collections.abc import Callable
from enum import StrEnum
from itertools import pairwise

from bridgebench.errors import InvalidOption

RHO = 7.0
BETA_MIN = 0.1
BETA_MAX = 20.0


class Spacing(StrEnum):
    """How the noise levels of a grid are spaced."""

    KARRAS = "karras"
    LOGSNR = "logsnr"
    TIME_UNIFORM = "time_uniform"
    TIME_QUADRATIC = "time_quadratic"


def vp_sigma(t: float) -> float:
    """σ at VP time t: sqrt(exp(β_d t²/2 + β_min t) - 1).

    >>> round(vp_sigma(1.0), 1)
    152.2
    """
    return math.sqrt(math.expm1((BETA_MAX - BETA_MIN) / 2 * t * t + BETA_MIN * t))


def vp_time(sigma: float) -> float:
    """The VP time at which the noise level is `sigma`: the inverse of vp_sigma.

    >>> round(vp_time(vp_sigma(0.3)), 12)
    0.3
    """
    beta_d = BETA_MAX - BETA_MIN
    return (math.sqrt(BETA_MIN**2 + 2 * beta_d * math.log1p(sigma * sigma)) - BETA_MIN) / beta_d


def _powered(low: float, high: float, fractions: list[float], power: float) -> list[float]:
    a, b = low ** (1 / power), high ** (1 / power)
    return [(a + f * (b - a)) ** power for f in fractions]


def _karras(low: float, high: float, fractions: list[float]) -> list[float]:
    return _powered(low, high, fractions, RHO)


def _logsnr(low: float, high: float, fractions: list[float]) -> list[float]:
    return [math.exp(math.log(low) + f * math.log(high / low)) for f in fractions]


def _time_uniform(low: float, high: float, fractions: list[float]) -> list[float]:
    return [vp_sigma(t) for t in _powered(vp_time(low), vp_time(high), fractions, 1.0)]


def _time_quadratic(low: float, high: float, fractions: list[float]) -> list[float]:
    return [vp_sigma(t) for t in _powered(vp_time(low), vp_time(high), fractions, 2.0)]


_GRIDS: dict[Spacing, Callable[[float, float, list[float]], list[float]]] = {
    Spacing.KARRAS: _karras,
    Spacing.LOGSNR: _logsnr,
    Spacing.TIME_UNIFORM: _time_uniform,
    Spacing.TIME_QUADRATIC: _time_quadratic,
}


def sigma_grid(
    spacing: Spacing, sigma_min: float, sigma_max: float, intervals: int
) -> tuple[float, ...]:
    """intervals + 1 noise levels that rise from sigma_min to sigma_max, both exact.

    InvalidOption unless 0 < sigma_min < sigma_max and there is at least one interval.

    >>> [round(sigma, 4) for sigma in sigma_grid(Spacing.LOGSNR, 0.01, 100, 2)]
    [0.01, 1.0, 100]
    """
    if not 0 < sigma_min < sigma_max < math.inf:
        raise InvalidOption(
            f"noise levels must satisfy 0 < sigma_min < sigma_max, "
            f"got sigma_min={sigma_min} and sigma_max={sigma_max}"
        )
    if intervals < 1:
        raise InvalidOption(f"a grid needs at least one interval, got {intervals}")
    inner = [i / intervals for i in range(1, intervals)]
    sigmas = (sigma_min, *_GRIDS[spacing](sigma_min, sigma_max, inner), sigma_max)
    if not all(a < b for a, b in pairwise(sigmas)):
        raise InvalidOption(
            f"{intervals} intervals between {sigma_min} and {sigma_max} are too close to tell "
            "apart in float64; ask for fewer"
        )
    return sigmas
