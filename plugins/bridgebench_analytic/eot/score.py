"""The score model `eot_mixture`: the exact denoisers of the marginals of a known plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bridgebench import DenoiserFamily, InvalidOption, Precision, ScoreModel
from bridgebench_analytic.eot.options import DimOption, EpsOption
from bridgebench_analytic.levels import at_each_level
from bridgebench_analytic.numbered_items import DOMAINS

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from bridgebench_analytic.eot.full_mixture import FullMixture

SIGMA_MIN, SIGMA_MAX = 0.01, 80.0


@dataclass(frozen=True)
class MarginalDenoiser:
    """The denoiser of one marginal."""

    mixture: FullMixture
    sigma_min: float = SIGMA_MIN
    sigma_max: float = SIGMA_MAX

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, d), (B,) -> x0; computed in float64, given in the dtype of `x`."""
        return at_each_level(self._at_one_level, x.double(), sigma).to(x.dtype)

    def _at_one_level(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.mixture.denoise(x, float(sigma[0]))


@dataclass(frozen=True)
class MarginalFamily:
    """The denoisers of both marginals on their device."""

    marginals: Mapping[str, FullMixture]

    def denoiser(self, domains: Sequence[str]) -> MarginalDenoiser:
        """The denoiser of a batch of one domain."""
        if len(set(domains)) != 1 or domains[0] not in self.marginals:
            raise InvalidOption(
                f"a batch is of one domain, source or target, got {sorted(set(domains))}"
            )
        return MarginalDenoiser(self.marginals[domains[0]])


class EotScore(ScoreModel):
    """The exact denoisers of the marginals of `eot_mixture`, in closed form and in float64."""

    name: ClassVar[str] = "eot_mixture"
    domains: ClassVar[tuple[str, ...]] = DOMAINS

    dim: DimOption
    eps: EpsOption

    @property
    def sigma_range(self) -> tuple[float, float]:
        """0.01 to 80."""
        return SIGMA_MIN, SIGMA_MAX

    def files(self) -> Mapping[str, str]:
        """None: nothing was learned."""
        return {}

    def load(self, device: torch.device, precision: Precision) -> DenoiserFamily:
        """Both marginals on `device`."""
        from bridgebench_analytic.eot.plan import entropic_plan

        plan = entropic_plan(self.dim, self.eps)
        marginals = {"source": plan.source, "target": plan.target}
        return MarginalFamily({name: mixture.to(device) for name, mixture in marginals.items()})
