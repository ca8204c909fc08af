"""The truncated Gaussians behind the hue, against numerical integration."""

import math

import pytest
import torch
from scipy.integrate import quad

from bridgebench_cmnist.exact.hue import truncated

CASES = [
    (0.5, 100.0),
    (0.3, 0.05),
    (0.0, 0.2),
    (1.0, 0.2),
    (-0.4, 0.1),
    (1.4, 0.1),
    (-30.0, 0.5),
    (31.0, 0.5),
    (0.9, 0.001),
    (-2.0, 8.0),
]


def expected(mean, deviation):
    """Log mass over the peak on [0, 1], and the mean of t, by quadrature."""
    peak = min(max(mean, 0.0), 1.0)

    def density(t):
        return math.exp(((peak - mean) ** 2 - (t - mean) ** 2) / (2 * deviation**2))

    near = [peak + k * deviation * s for k in (1, 4, 12) for s in (-1, 1)]
    points = sorted({p for p in (peak, *near) if 0 < p < 1}) or None
    options = {"points": points, "epsabs": 0, "epsrel": 1e-12, "limit": 400}
    mass = quad(density, 0, 1, **options)[0]
    first = quad(lambda t: t * density(t), 0, 1, **options)[0]
    return math.log(mass), first / mass


@pytest.mark.parametrize(("mean", "deviation"), CASES)
def test_mass_and_mean_are_those_of_the_cut_gaussian(mean, deviation):
    log_mass, t = truncated(*(torch.tensor(v, dtype=torch.float64) for v in (mean, deviation)))
    known_mass, known_mean = expected(mean, deviation)
    assert log_mass.item() == pytest.approx(known_mass, rel=1e-9, abs=1e-9)
    assert t.item() == pytest.approx(known_mean, rel=1e-7, abs=1e-12)


def test_a_mean_far_outside_keeps_its_precision():
    mean = torch.tensor([-1e6, 1e6], dtype=torch.float64)
    log_mass, t = truncated(mean, torch.full_like(mean, 0.01))
    # exp(-t·|mean|/s²) on [0, 1]: mass s²/|mean|
    assert log_mass.tolist() == pytest.approx([math.log(1e-4 / 1e6)] * 2, rel=1e-6)
    assert t[0].item() == pytest.approx(0.0, abs=1e-8)
    assert t[1].item() == pytest.approx(1.0, abs=1e-8)
