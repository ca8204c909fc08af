"""Unexplained variance percentages against an entropic transport plan that is known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import (
    BridgebenchError,
    Column,
    Metric,
    MetricContext,
    Observed,
    Score,
    bootstrap_mean,
    influence_interval,
)
from bridgebench_analytic.eot.options import DimOption, EpsOption, check_ids, point_of

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

    from bridgebench_analytic.eot.plan import EntropicPlan


class Uvp(Metric):
    """BW-UVP, cBW-UVP and L2-UVP of an entropic plan, in percent: 0 is exact, the mean alone 100.

    Formula: with V the total variance of the target and BW² the squared Bures-Wasserstein distance
    |μ - m|² + Tr(S + C - 2 (C^½ S C^½)^½) of fitted moments (n - 1) and exact ones,
    `bw_uvp` = 100·BW²/V of all outputs and the target; `cbw_uvp` = 100/V times the mean over source
    points of BW² between the outputs of the point and π(y|x); `l2_uvp` = 100 times the mean over
    points of |ŷ(x) - E[y|x]|² over that of |E[y] - E[y|x]|², ŷ(x) the mean output of the point.
    Where the plan is a map, E[y|x] is that map and the last mean is V.
    `plan_cost` is the mean of ½|x - y|² and `plan_cost_exact` that of the plan.
    `cbw_uvp` and `l2_uvp` are of the points with two outputs or more, `bw_uvp` of those with one,
    and not defined below two of them.
    The fitted moments are noisy, so compare with the baseline `exact_plan`, the sampling floor.
    Unit: percent. 0 and above; lower is better. Interval: bootstrap over points; for `bw_uvp`
    normal, from the influence of each point, and none where the outputs span no volume.
    Items: the number of a point at its first item, NaN at the others.
    Source: Korotin et al., NeurIPS 2021 (BW-UVP and L2-UVP; their W2² has the cost ½|x - y|², and
    they divide by ½V); Gushchin et al., NeurIPS 2023 (cBW-UVP). The definitions are theirs, the
    mixtures are not: do not compare these numbers with their tables.
    """

    name: ClassVar[str] = "uvp"
    version: ClassVar[int] = 2

    dim: DimOption
    eps: EpsOption

    def columns(self) -> tuple[Column, ...]:
        """The three percentages and the cost."""
        return (
            Column("cbw_uvp", "%", "lower", "conditional distributions", 0.0, interval=True),
            Column("bw_uvp", "%", "lower", "distribution of all outputs", 0.0, interval=True),
            Column("l2_uvp", "%", "lower", "conditional means", 0.0, interval=True),
            Column("plan_cost", "", "", "mean of half the squared way", 0.0, interval=True),
            Column("plan_cost_exact", "", "", "the same of the exact plan", 0.0),
        )

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter that keeps sources, outputs and the number of each one's point."""
        import torch

        from bridgebench import ItemMeter
        from bridgebench_analytic.eot.plan import entropic_plan

        plan = entropic_plan(self.dim, self.eps)

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            check_ids(self.dim, self.eps, observed.ids)
            return {
                "source": observed.source.double(),
                "output": observed.output.double(),
                "point": torch.tensor([point_of(item_id) for item_id in observed.ids]),
            }

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            return scores(plan, values["source"], values["output"], values["point"], context.seed)

        return ItemMeter(("source", "output", "point"), measure, summarize)


def scores(
    plan: EntropicPlan, source: Tensor, output: Tensor, point: Tensor, seed: int
) -> dict[str, Score]:
    """All columns, of (n, d) sources and outputs and the (n,) numbers of their points.

    BridgebenchError where no point has two outputs.
    """
    mean, covariance = plan.target.moments()
    alone = _alone(point)
    variance = covariance.trace()
    cost = 0.5 * (source - output).square().sum(1)
    conditional, error, possible = _of_points(plan, source, output, point)
    present = ~conditional.isnan()
    l2 = 100 * error / possible[present].mean()
    return {
        "cbw_uvp": _mean(100 * conditional / variance, seed),
        "bw_uvp": _whole(output[alone], mean, covariance, point[alone]),
        "l2_uvp": _mean(l2, seed),
        "plan_cost": _mean(_per_point(cost, point), seed),
        "plan_cost_exact": Score(plan.cost),
    }


def _of_points(
    plan: EntropicPlan, source: Tensor, output: Tensor, point: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """BW², |ŷ - E[y|x]|² and |E[y] - E[y|x]|² at the first item of each point; (n,), else NaN."""
    import torch

    from bridgebench_analytic.eot.bures import distance_squared

    middle, _ = plan.target.moments()
    out = torch.full((3, len(point)), torch.nan, dtype=torch.float64)
    numbers, counts = torch.unique(point, return_counts=True)
    for number in numbers[counts > 1]:
        members = (point == number).nonzero().squeeze(1)
        first = members[0]
        mean, covariance = plan.conditional_moments(source[first][None])
        outputs = output[members]
        out[0, first] = distance_squared(outputs, mean[0], covariance[0])
        out[1, first] = (outputs.mean(0) - mean[0]).square().sum()
        out[2, first] = (middle - mean[0]).square().sum()
    if out.isnan().all():
        raise BridgebenchError(
            "uvp fits a Gaussian to the outputs of each source point, and no point has two; raise n"
        )
    return out[0], out[1], out[2]


def _alone(point: Tensor) -> Tensor:
    """(n,): whether an output is the only one of its point."""
    import torch

    _, inverse, counts = torch.unique(point, return_inverse=True, return_counts=True)
    alone: Tensor = counts[inverse] == 1
    return alone


def _whole(output: Tensor, mean: Tensor, covariance: Tensor, point: Tensor) -> Score:
    """BW-UVP of the outputs of points with one output each; no number below two of these."""
    from bridgebench_analytic.eot.bures import distance_squared, influence

    if len(output) < 2:
        return Score(None)
    share = 100 / covariance.trace()
    value = float(share * distance_squared(output, mean, covariance))
    moves = influence(output, mean, covariance)
    if moves is None:
        return Score(value)
    of_points = _per_point(share * moves, point)
    return Score(*influence_interval(value, of_points[~of_points.isnan()], low=0.0))


def _per_point(values: Tensor, point: Tensor) -> Tensor:
    """The mean of (n,) values over each point at its first item; (n,), NaN at the others."""
    import torch

    numbers, inverse, counts = torch.unique(point, return_inverse=True, return_counts=True)
    sums = torch.zeros(len(numbers), dtype=torch.float64).index_add_(0, inverse, values)
    first = torch.full((len(numbers),), len(point)).scatter_reduce_(
        0, inverse, torch.arange(len(point)), "amin"
    )
    out = torch.full((len(point),), torch.nan, dtype=torch.float64)
    out[first] = sums / counts
    return out


def _mean(values: Tensor, seed: int) -> Score:
    return Score(*bootstrap_mean(values, seed), items=values)
