"""The score model `analytic_images`: the exact denoisers of a pair of domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bridgebench import DenoiserFamily, InvalidOption, Precision, ScoreModel
from bridgebench_analytic.images.pairs import PairOption
from bridgebench_analytic.levels import at_each_level
from bridgebench_analytic.numbered_items import DOMAINS

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from bridgebench_analytic.images.domain import ImageDomain


@dataclass(frozen=True)
class ExactDenoiser:
    """The denoiser of one domain."""

    domain: ImageDomain
    sigma_min: float
    sigma_max: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, 3, 32, 32), (B,) -> x0; computed in float64, given in the dtype of `x`."""
        from bridgebench import one_thread

        with one_thread():
            return at_each_level(self.domain.denoise, x, sigma)


@dataclass(frozen=True)
class ExactFamily:
    """The denoisers of both domains on their device."""

    domains: Mapping[str, ImageDomain]
    sigma_range: tuple[float, float]

    def denoiser(self, domains: Sequence[str]) -> ExactDenoiser:
        """The denoiser of a batch of one domain."""
        if len(set(domains)) != 1 or domains[0] not in self.domains:
            raise InvalidOption(
                f"a batch is of one domain, source or target, got {sorted(set(domains))}"
            )
        return ExactDenoiser(self.domains[domains[0]], *self.sigma_range)


class AnalyticScore(ScoreModel):
    """The exact denoiser of the images of `analytic_images`, in closed form.

    It computes in float64 whatever the precision of the run.
    """

    name: ClassVar[str] = "analytic_images"
    domains: ClassVar[tuple[str, ...]] = DOMAINS

    pair: PairOption

    @property
    def sigma_range(self) -> tuple[float, float]:
        """The noise levels of the exact map."""
        from bridgebench_analytic.images.domain import SIGMA_MAX, SIGMA_MIN

        return SIGMA_MIN, SIGMA_MAX

    def files(self) -> Mapping[str, str]:
        """None: nothing was learned."""
        return {}

    def load(self, device: torch.device, precision: Precision) -> DenoiserFamily:
        """Both domains on `device`."""
        from bridgebench_analytic.images.pairs import exact_pair

        domains = exact_pair(self.pair).domains
        return ExactFamily(
            {name: domain.to(device) for name, domain in domains.items()}, self.sigma_range
        )
