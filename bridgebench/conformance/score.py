"""Checks of score models: noise levels, domains, and denoisers that denoise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bridgebench.conformance.check import ConformanceError, require
from bridgebench.conformance.claims import (
    require_close,
    require_finite,
    require_like,
    require_sha256,
    unchanged,
)
from bridgebench.errors import BridgebenchError
from bridgebench.interfaces.cell import Parts
from bridgebench.interfaces.score_model import Denoiser, Precision, ScoreModel

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness

TOLERANCE = 1e-3
SOME = 3
UNKNOWN = "no such domain"
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")


def run(score: ScoreModel, harness: Harness) -> None:
    """It runs in a cell of the task, where it has the domains, and changes nothing global."""
    for side in (Parts(target_score=score), Parts(source_score=score)):
        try:
            cell = harness.cell_with(side)
        except ConformanceError:
            continue
        harness.run(cell)


def sigma_range(score: ScoreModel, harness: Harness) -> None:
    """0 < sigma_min < sigma_max, and the denoisers say the same."""
    low, high = score.sigma_range
    require(0 < low < high < math.inf, "0 < sigma_min < sigma_max", f"{low:g} and {high:g}")
    denoiser = score.load(harness.device, "fp32").denoiser(score.domains[:1])
    said = (denoiser.sigma_min, denoiser.sigma_max)
    require(said == (low, high), f"denoisers from {low:g} to {high:g}", said)


def domains(score: ScoreModel, harness: Harness) -> None:
    """There is a denoiser for each domain, and an error that names them for any other."""
    require(bool(score.domains), "at least one domain", "none")
    family = score.load(harness.device, "fp32")
    for domain in score.domains:
        score.check_domain(domain)
        family.denoiser([domain])
    try:
        score.check_domain(UNKNOWN)
    except BridgebenchError as error:
        named = any(domain in str(error) for domain in score.domains)
        require(named, "an error that names the domains there are", error)
    else:
        raise ConformanceError(f"an error for the domain '{UNKNOWN}'", "none")


def state(score: ScoreModel, harness: Harness) -> None:
    """Denoised images have the shape, dtype and device of the noised ones."""
    for denoiser, x0, _ in _cases(score, harness):
        for dtype in (torch.float32, torch.float64):
            x = x0.to(dtype)
            sigma = x.new_full((len(x),), score.sigma_range[0])
            require_like(denoiser(x, sigma), x, "the denoised images")


def inputs(score: ScoreModel, harness: Harness) -> None:
    """The noised images and their noise levels are left as they are."""
    for denoiser, x, _ in _cases(score, harness):
        sigma = x.new_full((len(x),), score.sigma_range[0])
        with unchanged(x=x, sigma=sigma):
            denoiser(x, sigma)


def denoising(score: ScoreModel, harness: Harness) -> None:
    """It gives clean images: their error is at most twice the noise, at low and high noise."""
    for denoiser, x0, _ in _cases(score, harness):
        for sigma in _levels(score):
            x = x0 + sigma * harness.noise(len(x0))
            error = (denoiser(x, x.new_full((len(x),), sigma)) - x0).square().mean().sqrt().item()
            require(
                error <= 2 * sigma,
                f"clean images (x0), not noise, velocity or score: a root mean square error of "
                f"at most {2 * sigma:.3g} at sigma={sigma:.3g}",
                f"{error:.3g}",
            )


def finite(score: ScoreModel, harness: Harness) -> None:
    """Noised real images are denoised without NaN, in both precisions."""
    for precision in PRECISIONS:
        for denoiser, x0, _ in _cases(score, harness, precision):
            for sigma in _levels(score):
                x = x0 + sigma * harness.noise(len(x0))
                out = denoiser(x, x.new_full((len(x),), sigma))
                require_finite(out, f"images denoised at sigma={sigma:.3g} in {precision}")


def batch_independence(score: ScoreModel, harness: Harness) -> None:
    """An item is denoised alike alone and in a batch, where each may have its own noise level.

    A batch of several domains is tried, too; a score model may refuse it with a BridgebenchError.
    """
    family = score.load(harness.device, "fp32")
    cases = [(names, x) for _, x, names in _cases(score, harness)]
    for names, x0 in (*cases, _mixed(cases)):
        try:
            denoiser = family.denoiser(names)
        except BridgebenchError:
            require(len(set(names)) > 1, f"a denoiser of {names[0]}", "a refusal")
            continue
        low, _, high = _levels(score)
        powers = torch.linspace(0, 1, len(x0)).to(x0)
        sigma = low * (high / low) ** powers
        x = x0 + sigma.view(-1, *[1] * (x0.ndim - 1)) * harness.noise(len(x0))
        together = denoiser(x, sigma)
        for i, name in enumerate(names):
            alone = family.denoiser([name])(x[i : i + 1], sigma[i : i + 1])
            what = f"the same image of {name} alone as in a batch"
            require_close(together[i : i + 1], alone, TOLERANCE, what)


def repeatability(score: ScoreModel, harness: Harness) -> None:
    """The same call gives the same."""
    for denoiser, x, _ in _cases(score, harness):
        sigma = x.new_full((len(x),), _levels(score)[1])
        first, again = (denoiser(x, sigma) for _ in range(2))
        require_close(again, first, TOLERANCE, "the same images at the second call")


def files(score: ScoreModel, harness: Harness) -> None:
    """All that was learned is named with its sha256."""
    require_sha256(score.files())


CHECKS = (
    run,
    sigma_range,
    domains,
    state,
    inputs,
    denoising,
    finite,
    batch_independence,
    repeatability,
    files,
)


def _levels(score: ScoreModel) -> tuple[float, float, float]:
    low, high = score.sigma_range
    return low, math.sqrt(low * high), high


def _cases(
    score: ScoreModel, harness: Harness, precision: Precision = "fp32"
) -> Iterator[tuple[Denoiser, Tensor, list[str]]]:
    """Some domains that score model and dataset share: denoiser, two real images, their domains."""
    shared = [domain for domain in score.domains if domain in harness.dataset.domains]
    if not shared:
        raise ConformanceError(
            f"a task whose dataset has one of the domains {', '.join(score.domains)}",
            f"task {harness.task.name} with {', '.join(harness.dataset.domains)}; give another one",
        )
    narrow = [domain for domain in shared if harness.dataset.class_domains(domain) == (domain,)]
    family = score.load(harness.device, precision)
    for domain in (narrow or shared)[:SOME]:
        split = next(s for s in harness.dataset.splits if harness.dataset.size(domain, s))
        images = harness.some(domain, split, 2).images.to(harness.device)
        names = [domain] * len(images)
        yield family.denoiser(names), images, names


def _mixed(cases: Sequence[tuple[list[str], Tensor]]) -> tuple[list[str], Tensor]:
    names = [name for domains, _ in cases for name in domains]
    return names, torch.cat([images for _, images in cases])
