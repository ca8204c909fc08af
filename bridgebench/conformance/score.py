"""Checks of score models: noise levels, domains, and denoisers that denoise."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
from bridgebench.interfaces.score_model import Denoiser, Precision, ScoreModel

if TYPE_CHECKING:
    from bridgebench.conformance.bench import Bench

TOLERANCE = 1e-3
SOME = 3
UNKNOWN = "no such domain"
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")


def sigma_range(score: ScoreModel, bench: Bench) -> None:
    """0 < sigma_min < sigma_max, and the denoisers say the same."""
    low, high = score.sigma_range
    require(0 < low < high < math.inf, "0 < sigma_min < sigma_max", f"{low:g} and {high:g}")
    denoiser = _denoiser(score, bench, score.domains[:1])
    said = (denoiser.sigma_min, denoiser.sigma_max)
    require(said == (low, high), f"denoisers from {low:g} to {high:g}", said)


def domains(score: ScoreModel, bench: Bench) -> None:
    """There is a denoiser for each domain, and an error that names them for any other."""
    require(bool(score.domains), "at least one domain", "none")
    family = score.load(bench.device, "fp32")
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


def state(score: ScoreModel, bench: Bench) -> None:
    """Denoised images have the shape, dtype and device of the noised ones."""
    x0, names = _images(score, bench)
    denoiser = _denoiser(score, bench, names)
    for dtype in (torch.float32, torch.float64):
        x = x0.to(dtype)
        sigma = x.new_full((len(x),), score.sigma_range[0])
        require_like(denoiser(x, sigma), x, "the denoised images")


def inputs(score: ScoreModel, bench: Bench) -> None:
    """The noised images and their noise levels are left as they are."""
    x0, names = _images(score, bench)
    sigma = x0.new_full((len(x0),), score.sigma_range[0])
    with unchanged(x=x0, sigma=sigma):
        _denoiser(score, bench, names)(x0, sigma)


def denoising(score: ScoreModel, bench: Bench) -> None:
    """It gives clean images: their error is at most twice the noise, at low and high noise."""
    x0, names = _images(score, bench)
    denoiser = _denoiser(score, bench, names)
    for sigma in _levels(score):
        x = x0 + sigma * bench.noise(len(x0))
        error = (denoiser(x, x.new_full((len(x),), sigma)) - x0).square().mean().sqrt().item()
        require(
            error <= 2 * sigma,
            f"clean images (x0), not noise, velocity or score: a root mean square error of at "
            f"most {2 * sigma:.3g} at sigma={sigma:.3g}",
            f"{error:.3g}",
        )


def finite(score: ScoreModel, bench: Bench) -> None:
    """Noised real images are denoised without NaN, in both precisions."""
    x0, names = _images(score, bench)
    for precision in PRECISIONS:
        denoiser = _denoiser(score, bench, names, precision)
        for sigma in _levels(score):
            x = x0 + sigma * bench.noise(len(x0))
            out = denoiser(x, x.new_full((len(x),), sigma))
            require_finite(out, f"images denoised at sigma={sigma:.3g} in {precision}")


def batch_independence(score: ScoreModel, bench: Bench) -> None:
    """An item is denoised alike alone and among items of other domains and noise levels."""
    x0, names = _images(score, bench)
    low, _, high = _levels(score)
    ratio = (high / low) ** (1 / max(len(x0) - 1, 1))
    sigma = torch.tensor([low * ratio**i for i in range(len(x0))]).to(x0)
    x = x0 + sigma.view(-1, *[1] * (x0.ndim - 1)) * bench.noise(len(x0))
    family = score.load(bench.device, "fp32")
    together = family.denoiser(names)(x, sigma)
    for i, name in enumerate(names):
        alone = family.denoiser([name])(x[i : i + 1], sigma[i : i + 1])
        what = f"the same image of {name} alone as in a batch"
        require_close(together[i : i + 1], alone, TOLERANCE, what)


def repeatability(score: ScoreModel, bench: Bench) -> None:
    """The same call gives the same."""
    x0, names = _images(score, bench)
    sigma = x0.new_full((len(x0),), _levels(score)[1])
    denoiser = _denoiser(score, bench, names)
    first, again = (denoiser(x0, sigma) for _ in range(2))
    require_close(again, first, TOLERANCE, "the same images at the second call")


def files(score: ScoreModel, bench: Bench) -> None:
    """All that was learned is named with its sha256."""
    require_sha256(score.files())


CHECKS = (
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


def _denoiser(
    score: ScoreModel, bench: Bench, names: Sequence[str], precision: Precision = "fp32"
) -> Denoiser:
    return score.load(bench.device, precision).denoiser(names)


def _levels(score: ScoreModel) -> tuple[float, float, float]:
    low, high = score.sigma_range
    return low, math.sqrt(low * high), high


def _images(score: ScoreModel, bench: Bench) -> tuple[Tensor, list[str]]:
    """Two real images of each of some domains that the score model and the dataset share."""
    shared = [domain for domain in score.domains if domain in bench.dataset.domains]
    if not shared:
        raise ConformanceError(
            f"a task whose dataset has one of the domains {', '.join(score.domains)}",
            f"task {bench.task.name} with {', '.join(bench.dataset.domains)}; give another one",
        )
    narrow = [domain for domain in shared if bench.dataset.narrow_domains(domain) == (domain,)]
    names, images = [], []
    for domain in (narrow or shared)[:SOME]:
        for split in bench.dataset.splits:
            if bench.dataset.size(domain, split):
                found = bench.some(domain, split, 2)
                images.append(found.images)
                names += [domain] * len(found)
                break
    return torch.cat(images).to(bench.device), names
