"""The adaptive pair: its error follows the tolerance, its steps belong to each image."""

import numpy as np
import pytest
import torch
from torch import Tensor

import bridgebench
from bridgebench import BudgetError
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_solvers.bs23 import Bs23

from .conftest import Mixture
from .test_order import Gaussian
from .test_state import Recording

LOW, HIGH = 0.1, 10.0


def ends(most: int, up: bool) -> list[float]:
    """A grid of `most` intervals from end to end; what is between has no part."""
    rising = [LOW + (HIGH - LOW) * i / most for i in range(most + 1)]
    return rising if up else rising[::-1]


def start(up: bool, n: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, 3, 4, 4, dtype=torch.float64, generator=generator)
    return x if up else HIGH * x


@pytest.mark.parametrize("up", [True, False], ids=["encode", "decode"])
def test_the_error_and_the_cost_follow_the_tolerance(up: bool) -> None:
    """Order 3: an error of ε takes about ε^(-1/3) steps."""
    exact = Gaussian().flow(start(up), *ends(1, up))
    tolerances, errors, costs = (1e-4, 1e-6, 1e-8, 1e-10), [], []
    for tolerance in tolerances:
        denoiser = Counting(Gaussian())
        solver = Bs23(rtol=tolerance, atol=tolerance)
        out = solver.solve(denoiser, start(up), ends(4000, up), no_noise)
        errors.append(((out - exact).abs().max() / exact.abs().max()).item())
        costs.append(denoiser.asked)
    assert all(error < 10 * tolerance for error, tolerance in zip(errors, tolerances, strict=True))
    slope = np.polyfit(np.log(tolerances[2:]), np.log(costs[2:]), 1)[0]
    assert slope == pytest.approx(-1 / 3, abs=0.06)


class Counting:
    """A denoiser that counts how often it is asked."""

    def __init__(self, inner: Gaussian) -> None:
        self.inner, self.asked = inner, 0
        self.sigma_min, self.sigma_max = inner.sigma_min, inner.sigma_max

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.asked += 1
        return self.inner(x, sigma)


@pytest.mark.parametrize("up", [True, False], ids=["encode", "decode"])
def test_an_image_does_not_depend_on_the_others_of_its_batch(
    up: bool, stored: dict[str, Tensor], mixture: Mixture
) -> None:
    """In a mixture images take different numbers of steps."""
    x = stored["z"][:6] * (80.0 if not up else 0.2)
    grid = [0.02 + 79.98 * i / 500 for i in range(501)]
    grid = grid if up else grid[::-1]
    solver = Bs23(rtol=1e-4, atol=1e-4)
    costs, alone = [], []
    for each in x:
        denoiser = Counting(mixture)
        alone.append(solver.solve(denoiser, each[None], grid, no_noise)[0])
        costs.append(denoiser.asked)
    denoiser = Counting(mixture)
    together = solver.solve(denoiser, x, grid, no_noise)
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-9, atol=1e-9)
    assert denoiser.asked == max(costs)
    assert len(set(costs)) > 1


def test_what_is_between_the_ends_has_no_part() -> None:
    one = Bs23().solve(Gaussian(), start(False), ends(100, False), no_noise)
    other = Bs23().solve(Gaussian(), start(False), ends(200, False), no_noise)
    assert torch.equal(one, other)


def test_the_last_step_ends_at_the_end_and_none_goes_beyond() -> None:
    denoiser = Recording()
    Bs23().solve(denoiser, start(False), ends(200, False), no_noise)
    asked = torch.stack(denoiser.sigmas)
    assert asked.min().item() == LOW
    assert asked.max().item() == HIGH
    assert (asked[-1] == LOW).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_state_keeps_its_dtype_and_the_input_its_values(dtype: torch.dtype) -> None:
    x = start(False).to(dtype)
    before = x.clone()
    denoiser = Recording()
    out = Bs23().solve(denoiser, x, ends(200, False), no_noise)
    assert out.dtype == dtype
    assert {sigma.dtype for sigma in denoiser.sigmas} == {dtype}
    assert torch.equal(x, before)


def test_the_budget_is_the_most_that_it_may_take() -> None:
    assert [Bs23().intervals(nfe) for nfe in (4, 6, 7, 40)] == [1, 1, 2, 13]
    with pytest.raises(BudgetError, match="nfe=3 cannot be met; the least is 4"):
        Bs23().intervals(3)


def test_a_tolerance_that_needs_more_is_one_line_with_the_remedy() -> None:
    with pytest.raises(BudgetError) as caught:
        Bs23(rtol=1e-6, atol=1e-6).solve(Gaussian(), start(False), ends(5, False), no_noise)
    assert str(caught.value) == (
        "bs23 needs more than 5 steps from 10 to 0.1 at rtol=1e-06 and atol=1e-06; raise nfe, "
        "which pays for 5 steps, or the tolerances"
    )


def test_nan_ends_the_integration_and_is_not_hidden() -> None:
    out = Bs23().solve(
        lambda x, sigma: torch.full_like(x, torch.nan), start(False), ends(200, False), no_noise
    )
    assert out.isnan().all()


def test_vectors_are_integrated_as_images_are() -> None:
    x = start(False)
    flat = Bs23().solve(lambda x, sigma: 0.5 * x, x.flatten(1), ends(200, False), no_noise)
    images = Bs23().solve(lambda x, sigma: 0.5 * x, x, ends(200, False), no_noise)
    torch.testing.assert_close(flat, images.flatten(1))


def test_a_row_counts_what_was_taken(tmp_path) -> None:
    words = {"transform": ["identity"], "nfe": 300, "n": 8, "batch": 4}
    table = bridgebench.run(
        "world", method=["ddib"], solver=["bs23", "bs23:rtol=0.0001:atol=0.0001"],
        out=tmp_path / "wide", **words,
    )  # fmt: skip
    rows = table.set_index("solver")
    loose, tight = (rows.loc[spec] for spec in rows.index.sort_values())
    assert (loose["status"], tight["status"]) == ("ok", "ok")
    for column in ("nfe_encode", "nfe_decode"):
        assert 4 <= loose[column] < tight[column] < 300
        # The mean of two batches, each of one evaluation and three a step.
        assert (2 * loose[column] - 2) % 3 == 0
    assert loose["nfe"] == 300
    assert loose["accuracy"] == tight["accuracy"] == 1


def test_a_row_without_the_budget_fails_with_the_remedy(tmp_path) -> None:
    table = bridgebench.run(
        "world", method=["ddib", "identity"], solver=["bs23"], transform=["identity"], nfe=4,
        n=4, out=tmp_path,
    )  # fmt: skip
    rows = table.set_index("method")
    assert rows.loc["ddib", "status"] == "failed"
    assert "bs23 needs more than 1 steps" in rows.loc["ddib", "reason"]
    assert rows.loc["identity", "status"] == "ok"
