"""The score model `cmnist_exact`: the exact score of the colored training digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, model_validator

from bridgebench import DenoiserFamily, Precision, ScoreModel, UnknownName
from bridgebench_cmnist.score.models import SIGMA_MAX, SIGMA_MIN, check_range

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from bridgebench_cmnist.exact.posterior import ColoredDigits


@dataclass(frozen=True)
class ExactDenoiser:
    """The denoiser of a batch: each image against the digits of its own domain."""

    digits: Mapping[str, ColoredDigits]
    domains: tuple[str, ...]
    sigma_min: float
    sigma_max: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, 3, 32, 32), (B,) -> the mean clean image, in the dtype of `x`."""
        import torch

        out = torch.empty_like(x)
        levels = sigma.tolist()
        together: dict[tuple[str, float], list[int]] = {}
        for index, pair in enumerate(zip(self.domains, levels, strict=True)):
            together.setdefault(pair, []).append(index)
        for (domain, level), members in together.items():
            out[members] = self.digits[domain].posterior_mean(x[members], level)
        return out


@dataclass(frozen=True)
class ExactFamily:
    """The training digits by domain, on their device."""

    digits: Mapping[str, ColoredDigits]
    sigma_range: tuple[float, float]

    def denoiser(self, domains: Sequence[str]) -> ExactDenoiser:
        """The denoiser of a batch whose i-th image belongs to `domains[i]`."""
        for domain in domains:
            if domain not in self.digits:
                raise UnknownName("domain of score model cmnist_exact", domain, self.digits)
        return ExactDenoiser(self.digits, tuple(domains), *self.sigma_range)


class CmnistExact(ScoreModel):
    """The exact denoiser of the colored training digits, in closed form: a perfect memory.

    D(x; σ) is the mean over all training digits of the domain in all hues, each weighted by its
    likelihood, the hue integrated exactly. It is what a network of unlimited size that trained for
    ever would be, so it shows how far a network is from that, and a decode with it ends at training
    digits. It computes in float64 whatever the precision of the run, in blocks of 2,048 digits.

    Not for encoding: an image that it does not know is, near sigma_min, pulled to the nearest
    training digit, and the distance to it grows with σ; latents of rms 3 to 140 were measured where
    training images give 1. Methods refuse it as the source score.

    Cost of an image and an evaluation in CPU time of one core (2 cores of an AMD EPYC (Zen 5)), by
    `python -m bridgebench_cmnist.evaluate exact-cost`: 1 to 5 ms in `digit:7` (6,265 digits) and 12
    to 59 ms in `digits` (60,000), from the lowest noise to the highest.
    """

    name: ClassVar[str] = "cmnist_exact"
    domains: ClassVar[tuple[str, ...]] = ("digits", *(f"digit:{d}" for d in range(10)))
    unfit_to_encode: ClassVar[str] = (
        "cmnist_exact knows the training digits alone and carries any other image to no latent of "
        "unit variance; give it as target_score= and encode with another source_score="
    )

    sigma_min: float = Field(
        SIGMA_MIN, gt=0, description="lowest noise level of the ODE, for images in [-1, 1]"
    )
    sigma_max: float = Field(SIGMA_MAX, gt=0, description="highest noise level of the ODE")

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        check_range(self.sigma_min, self.sigma_max)
        return self

    @property
    def sigma_range(self) -> tuple[float, float]:
        """(sigma_min, sigma_max)."""
        return self.sigma_min, self.sigma_max

    def files(self) -> Mapping[str, str]:
        """The digits that it is made of and their sha256; IntegrityError if one was altered."""
        from bridgebench_cmnist.digits.files import FILES, check_files

        train = FILES["train"]
        found = check_files()
        return {file.name: found[file.name] for file in (train.images, train.labels)}

    def load(self, device: torch.device, precision: Precision) -> DenoiserFamily:
        """The training digits on `device`."""
        import torch

        from bridgebench_cmnist.digits.files import load_digits
        from bridgebench_cmnist.exact.posterior import ColoredDigits

        train = load_digits("train")
        grey = torch.from_numpy(train.images.copy()).to(device)
        labels = torch.from_numpy(train.labels.copy()).to(device)
        digits = {"digits": ColoredDigits.of(grey)}
        digits |= {f"digit:{d}": ColoredDigits.of(grey[labels == d]) for d in range(10)}
        return ExactFamily(digits, self.sigma_range)
