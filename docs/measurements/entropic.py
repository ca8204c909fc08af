"""What draws from the exact entropic plan score: the sampling floor of cBW-UVP on each task.

    python docs/measurements/entropic.py

For each dimension and strength it prints the mean over 8 source points of the conditional BW-UVP of
as many draws as the task has, and of 32 draws beside it.
"""

import click
import torch

from bridgebench import Draw
from bridgebench.interfaces.method import Batch
from bridgebench_analytic.eot.baselines import ExactPlan
from bridgebench_analytic.eot.bures import distance_squared
from bridgebench_analytic.eot.options import draws_of, prefix
from bridgebench_analytic.eot.plan import entropic_plan

POINTS = 8
FEW = 32


def floor(dim: int, eps: float, draws: int) -> float:
    """The mean conditional BW-UVP of exact draws, in percent."""
    plan = entropic_plan(dim, eps)
    start = f"{prefix(dim, eps)}test/source"
    points = tuple(f"{start}/{number:05d}" for number in range(POINTS))
    x = plan.source.sample(0, "eot_mixture", points)
    mean, covariance = plan.conditional_moments(x)
    ids = tuple(f"{point}/{draw:02d}" for point in points for draw in range(draws))
    batch = Batch(x.repeat_interleave(draws, 0), ids, ("source",) * len(ids), Draw(0, ids))
    (made,) = ExactPlan(dim=dim, eps=eps).translate(batch, [None], None)
    outputs = made.images.unflatten(0, (POINTS, draws))
    found = distance_squared(outputs, mean, covariance) / plan.target.moments()[1].trace()
    return 100 * found.mean().item()


def main() -> None:
    """Print the table."""
    click.echo("| dimensions | ε | draws a point | cBW-UVP | with 32 draws |")
    click.echo("|---|---|---|---|---|")
    for dim in (2, 16, 64, 128):
        for eps in (0.1, 1.0, 10.0):
            draws = draws_of(dim)
            found, few = floor(dim, eps, draws), floor(dim, eps, FEW)
            click.echo(f"| {dim} | {eps:g} | {draws} | {found:.2f} | {few:.1f} |")


if __name__ == "__main__":
    with torch.inference_mode():
        main()
