"""The way to the unit latent and back, on a Gaussian whose flow is known in closed form."""

import math
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor

from bridgebench import BudgetError
from bridgebench.toolkit.probability_flow import (
    ClippedDenoiser,
    Latent,
    decode,
    encode,
    encode_carried,
    latent_scale,
)
from bridgebench_bdia.bdia import Bdia
from bridgebench_solvers.heun import Heun

STD, SIGMA_MIN, SIGMA_MAX = 0.5, 0.02, 80.0


@dataclass
class Gaussian:
    """The exact denoiser of N(0, 1/4)."""

    sigma_min: float = SIGMA_MIN
    sigma_max: float = SIGMA_MAX
    sigmas: list[float] = field(default_factory=list)

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.sigmas.append(sigma[0].item())
        return STD**2 * x / (STD**2 + sigma.view(-1, 1, 1, 1) ** 2)


@pytest.fixture
def x() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, 1, 4, 4, dtype=torch.float64, generator=generator) / 2


def test_encode_ends_at_the_unit_latent(x: Tensor) -> None:
    up = math.hypot(STD, SIGMA_MAX) / math.hypot(STD, SIGMA_MIN)
    exact = x * up / math.sqrt(1 + SIGMA_MAX**2)
    z = encode(Gaussian(), Heun(), x, 1000)
    torch.testing.assert_close(z, exact, rtol=1e-4, atol=0)


def test_decode_undoes_encode(x: Tensor) -> None:
    denoiser = Gaussian()
    back = decode(denoiser, Heun(), encode(denoiser, Heun(), x, 1000), 1000)
    torch.testing.assert_close(back, x, rtol=1e-4, atol=0)


def test_both_directions_stay_in_the_range_of_the_denoiser(x: Tensor) -> None:
    up, down = Gaussian(), Gaussian()
    encode(up, Heun(), x, 10)
    decode(down, Heun(), x, 10)
    assert up.sigmas == down.sigmas[::-1]
    assert (up.sigmas[0], up.sigmas[-1]) == (SIGMA_MIN, SIGMA_MAX)
    assert len(up.sigmas) == 10


def test_last_step_is_one_more_evaluation_at_sigma_min(x: Tensor) -> None:
    plain, last = Gaussian(), Gaussian()
    expected = decode(plain, Heun(), x, 10) * STD**2 / (STD**2 + SIGMA_MIN**2)
    torch.testing.assert_close(decode(last, Heun(), x, 10, last_step=True), expected)
    assert last.sigmas == [*plain.sigmas, SIGMA_MIN]


def test_clipped_denoiser_clamps_and_keeps_the_range_of_sigma() -> None:
    clipped = ClippedDenoiser(Gaussian(), -1.0, 0.75)
    x = torch.tensor([-4.0, 0.5, 4.0]).view(1, 1, 1, 3)
    got = clipped(x, torch.tensor([SIGMA_MIN])).flatten().tolist()
    assert got == pytest.approx([-1.0, 0.5 * STD**2 / (STD**2 + SIGMA_MIN**2), 0.75])
    assert (clipped.sigma_min, clipped.sigma_max) == (SIGMA_MIN, SIGMA_MAX)


def test_latent_scale_is_the_deviation_of_the_state() -> None:
    assert latent_scale(80.0) == pytest.approx(math.sqrt(1 + 80.0**2), rel=1e-15)


def test_budget_that_cannot_be_met_evaluates_nothing(x: Tensor) -> None:
    denoiser = Gaussian()
    for carry in (encode, decode):
        with pytest.raises(BudgetError):
            carry(denoiser, Heun(), x, 21)
    assert denoiser.sigmas == []


def test_no_graph_is_kept(x: Tensor) -> None:
    x.requires_grad_()
    assert not encode(Gaussian(), Heun(), x, 2).requires_grad
    assert not decode(Gaussian(), Heun(), x, 2).requires_grad


def test_what_a_solver_carries_brings_it_back(x: Tensor) -> None:
    denoiser, solver = Gaussian(), Bdia()
    latent = encode_carried(denoiser, solver, x, 5)
    packed = Latent.unpacked(latent.packed(), x.shape[1:])
    back = decode(denoiser, solver, packed.z, 5, carry=packed.carry)
    torch.testing.assert_close(back, x, rtol=0, atol=1e-12)
    assert (decode(denoiser, solver, latent.z, 5) - x).abs().max() > 1e-3


def test_a_latent_without_a_carry_is_packed_as_it_is(x: Tensor) -> None:
    latent = encode_carried(Gaussian(), Heun(), x, 10)
    assert latent.carry is None
    assert latent.packed() is latent.z
    assert Latent.unpacked(latent.z, x.shape[1:]).carry is None
    assert latent.changed_to(x).carry is None


def test_a_carry_holds_for_the_items_whose_latent_is_as_it_was(x: Tensor) -> None:
    latent = encode_carried(Gaussian(), Bdia(), x, 5)
    assert latent.carry is not None
    z = latent.z.clone()
    z[1] *= 1.5
    changed = latent.changed_to(z)
    assert changed.carry is not None
    assert torch.equal(changed.z, z)
    assert torch.equal(changed.carry[[0, 2]], latent.carry[[0, 2]])
    assert not changed.carry[1].any()
