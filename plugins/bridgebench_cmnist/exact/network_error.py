"""How far the networks' denoisers are from the exact one, by noise level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from bridgebench import Denoiser, normal
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_cmnist.exact.model import CmnistExact
from bridgebench_cmnist.score.models import CmnistLabels, CmnistSevens

SIGMAS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
DOMAIN = "digit:7"
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class DenoisingError:
    """Mean squared differences at a noise level, over images, channels and pixels.

    irreducible  of the clean images from the exact denoiser, which no denoiser goes below
    of_networks  of each network's denoiser from the exact one of its own domain
    """

    sigma: float
    irreducible: float
    of_networks: Mapping[str, float]


def denoising_errors(n: int, seed: int) -> Iterator[DenoisingError]:
    """The error at each of SIGMAS, on `n` colored training sevens plus noise, in float32.

    A network is held against the exact denoiser of the domain that it was asked for: sevens, or
    all digits for the null label. Under a label `cmnist_labels` learned a sharper score on purpose
    (its card says so), and differs by that too.
    """
    items = ColoredMnist().items(DOMAIN, "train", n, seed)
    exact = CmnistExact().load(_CPU, "fp32")
    exacts = {domain: exact.denoiser([domain] * n) for domain in (DOMAIN, "digits")}
    labels, sevens = CmnistLabels().load(_CPU, "fp32"), CmnistSevens().load(_CPU, "fp32")
    networks: dict[str, tuple[Denoiser, str]] = {
        f"cmnist_labels {DOMAIN}": (labels.denoiser([DOMAIN] * n), DOMAIN),
        "cmnist_labels digits": (labels.denoiser(["digits"] * n), "digits"),
        f"cmnist_sevens {DOMAIN}": (sevens.denoiser([DOMAIN] * n), DOMAIN),
    }
    noise = normal(seed, "denoising error", items.ids, items.images.shape[1:])
    for level in SIGMAS:
        x, sigma = items.images + level * noise, torch.full((n,), level)
        with torch.inference_mode():
            truth = {domain: denoise(x, sigma) for domain, denoise in exacts.items()}
            yield DenoisingError(
                level,
                _squared(items.images, truth[DOMAIN]),
                {
                    name: _squared(denoise(x, sigma), truth[domain])
                    for name, (denoise, domain) in networks.items()
                },
            )


def _squared(first: Tensor, second: Tensor) -> float:
    return (first.double() - second.double()).square().mean().item()
