"""Guidance by hue and label: what it does to a denoised image, to a row, and to its cost."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

import bridgebench
from bridgebench import Solver
from bridgebench.conformance.catalog import Wanted, bound_checks, verdicts
from bridgebench.plugins.registry import load_registry
from bridgebench.toolkit.color import hue_difference, in_hue, mean_hue
from bridgebench_guided.guidance import GuidedDenoiser, levels_asked, restarted
from bridgebench_solvers.dpm import Dpm
from bridgebench_solvers.euler import Euler
from bridgebench_solvers.heun import Heun

HUE = torch.tensor([30.0, 200.0])


class Constant:
    """A denoiser that gives the same images whatever it is asked."""

    sigma_min, sigma_max = 0.02, 80.0

    def __init__(self, images: Tensor) -> None:
        self.images, self.asked = images, 0

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.asked += 1
        return self.images


@pytest.fixture
def images() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    grey = torch.rand(2, 1, 4, 4, generator=generator) * 2 - 1
    return in_hue(grey.expand(-1, 3, -1, -1), torch.tensor([100.0, 250.0]))


def guided(target: Tensor, unconditional: Tensor | None = None, **options: float) -> Tensor:
    other = None if unconditional is None else Constant(unconditional)
    words = {"weight": 0.0, "above": 0.0, "color": 0.0} | options
    denoiser = GuidedDenoiser(
        Constant(target), other, hue=HUE, aim=in_hue, sigma_min=0.02, sigma_max=80.0, **words
    )
    return denoiser(target, torch.full((2,), 1.0))


def test_full_weight_gives_the_hue_of_the_source_and_keeps_the_value(images: Tensor) -> None:
    out = guided(images, color=1.0)
    assert hue_difference(mean_hue(out), HUE).max() < 0.01
    torch.testing.assert_close(out.amax(1), images.amax(1))


def test_a_step_is_down_the_gradient_of_the_energy_of_the_color(images: Tensor) -> None:
    D = images.clone().requires_grad_()
    energy = 0.5 * (D - in_hue(images, HUE)).square().sum()
    (slope,) = torch.autograd.grad(energy, D)
    torch.testing.assert_close(guided(images, color=0.3), images - 0.3 * slope)


def test_the_label_is_weighted_as_in_classifier_free_guidance(images: Tensor) -> None:
    unconditional = images.flip(0)
    torch.testing.assert_close(
        guided(images, unconditional, weight=0.5), 1.5 * images - 0.5 * unconditional
    )
    assert torch.equal(guided(images, unconditional, weight=0.5, above=1.0), images)


def test_the_weight_is_given_at_each_images_own_level(images: Tensor) -> None:
    """The images of a batch stand at different levels under an adaptive solver."""
    unconditional = images.flip(0)
    denoiser = GuidedDenoiser(
        Constant(images), Constant(unconditional), 0.5, 1.0, HUE, 0.0, in_hue, 0.02, 80.0
    )
    out = denoiser(images, torch.tensor([0.5, 2.0]))
    assert torch.equal(out[0], images[0])
    torch.testing.assert_close(out[1], 1.5 * images[1] - 0.5 * unconditional[1])


@pytest.mark.parametrize("solver", [Euler(), Heun(), Dpm()], ids=lambda solver: solver.spec)
def test_the_levels_of_a_decode_are_those_of_its_grid(solver: Solver) -> None:
    levels = levels_asked(solver, 10, (0.02, 80.0))
    assert len(levels) == 10
    assert levels[0] == 80
    assert list(levels) == sorted(levels, reverse=True)


@pytest.mark.parametrize(
    ("options", "evaluations"),
    [
        ("", 10 + 10 + 1),
        (":restart=0", 10),
        (":weight=0.5", 20 + 20 + 2),
        (":weight=0.5:restart=0", 20),
        (":weight=0.5:weight_above=70", 11 + 10 + 1),
        (":weight=0.5:weight_above=3.9", 21 + 6 + 1),
    ],
)
def test_a_row_counts_every_evaluation(options: str, evaluations: int, tmp_path: Path) -> None:
    table = bridgebench.run(
        "world",
        method=[f"ddib_guided{options}"],
        solver=["dpm"],
        transform=["identity"],
        nfe=10,
        out=tmp_path,
    )
    (row,) = table.to_dict("records")
    assert (row["status"], row["nfe_encode"], row["nfe_decode"]) == ("ok", 10, evaluations)


@pytest.mark.parametrize("options", ["", ":restart=0", ":saturated=false", ":weight=0.1"])
def test_a_row_keeps_the_color(options: str, tmp_path: Path) -> None:
    table = bridgebench.run(
        "world",
        method=[f"ddib_guided{options}"],
        solver=["dpm"],
        transform=["identity"],
        nfe=10,
        out=tmp_path,
    )
    assert table["color_deg"][0] < 15


def test_an_adaptive_solver_takes_at_most_the_budget_twice(tmp_path: Path) -> None:
    words = {"solver": ["bs23"], "transform": ["identity"], "nfe": 400, "n": 4}
    methods = ["ddib_guided", "ddib_guided:weight=0.5"]
    table = bridgebench.run("world", method=methods, out=tmp_path, **words).set_index("method")
    assert set(table["status"]) == {"ok"}
    plain, weighted = (table.loc[method, "nfe_decode"] for method in table.index.sort_values())
    assert 8 < plain < 801
    assert plain < weighted < 1602
    assert table["color_deg"].max() < 15


def test_a_restart_keeps_what_the_denoiser_says_of_the_noised_images(images: Tensor) -> None:
    seen: list[tuple[Tensor, float]] = []

    def target(x: Tensor, sigma: Tensor) -> Tensor:
        seen.append((x, sigma[0].item()))
        return images

    denoiser = GuidedDenoiser(target, None, 0.0, 0.0, HUE, 0.0, in_hue, 0.02, 80.0)
    noise = torch.ones_like(images)
    out = restarted(denoiser, Dpm(), images.flip(0), noise, 4.0, 10, saturated=True)
    torch.testing.assert_close(out, images)
    first, level = seen[0]
    torch.testing.assert_close(first, images.flip(0) + 4.0)
    assert level == pytest.approx(4.0)
    assert [sigma for _, sigma in seen] == sorted((s for _, s in seen), reverse=True)
    assert len(seen) == 11


def test_a_restart_outside_the_noise_levels_is_skipped_with_the_reason(tmp_path: Path) -> None:
    table = bridgebench.run("world", method=["ddib_guided:restart=1000"], n=2, out=tmp_path)
    assert set(table["status"]) == {"skipped"}
    assert "restart=1000 is not above" in table["reason"][0]


@pytest.mark.parametrize("options", ["", ":weight=0.5:weight_above=5"])
def test_it_passes_the_kit_in_a_world_with_exact_answers(options: str) -> None:
    checks = bound_checks(
        load_registry(), Wanted(f"ddib_guided{options}", "method", "world", "cpu")
    )
    assert [str(error) for _, error in verdicts(checks) if error is not None] == []


def test_a_task_without_hues_is_skipped_with_the_reason(tmp_path: Path) -> None:
    table = bridgebench.run("gaussian", method=["ddib_guided"], nfe=16, n=2, out=tmp_path)
    assert set(table["status"]) == {"skipped"}
    assert "it needs images of shape (3, H, W) in [-1, 1]" in table["reason"][0]
