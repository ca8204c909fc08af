"""What an entropic transport task is compared with: the least, the linear and the exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Batch, Context, Method, Supervision, Translation, Variant
from bridgebench_analytic.eot_options import DimOption, EpsOption, check_ids

if TYPE_CHECKING:
    from torch import Tensor


class ConstantMean(Method):
    """The target's exact mean, whatever the source: 100 in every UVP."""

    name: ClassVar[str] = "constant_mean"
    supervision: ClassVar[Supervision] = Supervision.ORACLE
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    dim: DimOption
    eps: EpsOption

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """The mean for each item."""
        from bridgebench_analytic.eot_plan import entropic_plan

        check_ids(self.dim, self.eps, batch.ids)
        mean, _ = entropic_plan(self.dim, self.eps).target.moments()
        output = mean.to(batch.images).expand_as(batch.images).clone()
        return [Translation(output) for _ in variants]


class LinearMap(Method):
    """The optimal linear map between the exact means and covariances of the two domains.

    T(x) = m' + Σ^-½ (Σ^½ Σ' Σ^½)^½ Σ^-½ (x - m), the optimal transport of Gaussians (Dowson and
    Landau, 1982).
    """

    name: ClassVar[str] = "linear_map"
    supervision: ClassVar[Supervision] = Supervision.ORACLE
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    dim: DimOption
    eps: EpsOption

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """The map of each item."""
        from bridgebench_analytic.bures import optimal_linear
        from bridgebench_analytic.eot_plan import entropic_plan

        check_ids(self.dim, self.eps, batch.ids)
        plan = entropic_plan(self.dim, self.eps)
        (mean, covariance), (goal, spread) = plan.source.moments(), plan.target.moments()
        away = batch.images.double().cpu() - mean
        output = (goal + away @ optimal_linear(covariance, spread)).to(batch.images)
        return [Translation(output) for _ in variants]


class ExactPlan(Method):
    """A draw from the exact conditional of each source: its scores are the sampling floor."""

    name: ClassVar[str] = "exact_plan"
    supervision: ClassVar[Supervision] = Supervision.ORACLE
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    dim: DimOption
    eps: EpsOption

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """One draw for each item, a function of the seed and the item."""
        output = self._draw(batch).to(batch.images)
        return [Translation(output) for _ in variants]

    def _draw(self, batch: Batch) -> Tensor:
        import torch

        from bridgebench_analytic.eot_plan import entropic_plan
        from bridgebench_analytic.full_mixture import pick

        check_ids(self.dim, self.eps, batch.ids)
        plan = entropic_plan(self.dim, self.eps)
        weights, means, covariances = plan.conditional(batch.images.double().cpu())
        k = pick(weights, batch.draw.uniform("exact_plan component"))
        noise = batch.draw.each("exact_plan", (self.dim,)).double()
        roots = torch.linalg.cholesky(covariances)
        return means[torch.arange(len(k)), k] + torch.einsum("nde,ne->nd", roots[k], noise)
