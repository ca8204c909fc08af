"""What an entropic transport task is compared with: the least, the linear and the exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bridgebench import Batch, Cell, Method, RunContext, Supervision, Translation
from bridgebench_analytic.eot.options import DimOption, EpsOption, check_ids

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench_analytic.eot.plan import EntropicPlan


def plan_of(dim: int, eps: float, batch: Batch) -> EntropicPlan:
    """The plan that the items of a batch belong to; BridgebenchError for items of another."""
    from bridgebench_analytic.eot.plan import entropic_plan

    check_ids(dim, eps, batch.ids)
    return entropic_plan(dim, eps)


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
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """The mean for each item."""
        mean, _ = plan_of(self.dim, self.eps, batch).target.moments()
        return Translation(mean.expand(batch.images.shape).clone().to(batch.images))


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
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """The map of each item."""
        from bridgebench_analytic.eot.bures import optimal_linear

        plan = plan_of(self.dim, self.eps, batch)
        (mean, covariance), (goal, spread) = plan.source.moments(), plan.target.moments()
        away = batch.images.double().cpu() - mean
        return Translation((goal + away @ optimal_linear(covariance, spread)).to(batch.images))


class ExactPlan(Method):
    """A draw from the exact conditional of each source: its scores are the sampling floor."""

    name: ClassVar[str] = "exact_plan"
    supervision: ClassVar[Supervision] = Supervision.ORACLE
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    dim: DimOption
    eps: EpsOption

    def stochastic(self, cell: Cell) -> bool:
        """Its output is a draw."""
        return True

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """One draw for each item, a function of the seed and the item."""
        import torch

        from bridgebench_analytic.eot.full_mixture import pick

        plan = plan_of(self.dim, self.eps, batch)
        weights, means, covariances = plan.conditional(batch.images.double().cpu())
        k = pick(weights, batch.draw.uniform("exact_plan component"))
        noise = batch.draw.each("exact_plan", (self.dim,)).double()
        roots = torch.linalg.cholesky(covariances)
        output = means[torch.arange(len(k)), k] + torch.einsum("nde,ne->nd", roots[k], noise)
        return Translation(output.to(batch.images))
