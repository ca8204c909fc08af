"""Which target image each source image of a batch is paired with: minibatch optimal transport.

Tong et al., "Improving and generalizing flow-based generative models with minibatch optimal
transport", TMLR 2024, section 3.2.2: the exact plan between two batches of equal weight, for the
squared Euclidean distance. The plan of two batches of one size is a permutation.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bridgebench import UsageError
from bridgebench.toolkit.color import mean_hue


def transport_cost(source: Tensor, target: Tensor, color_weight: float) -> Tensor:
    """What it costs to carry each source image into each target image.

    The squared distance of the pixels, plus `color_weight` times that of the mean hues as points
    on the unit circle. The second term is not in the paper: pixels of strokes that do not overlap
    differ by as much in one color as in two.

    Args:
        source: (M, C, H, W) in [-1, 1].
        target: (N, C, H, W) in [-1, 1].
        color_weight: at least 0; above 0 the images need three channels.

    Returns:
        (M, N) float64.
    """
    pixels = torch.cdist(source.flatten(1).double(), target.flatten(1).double()).square()
    if color_weight == 0:
        return pixels
    return pixels + color_weight * torch.cdist(_on_circle(source), _on_circle(target)).square()


def coupled(source: Tensor, target: Tensor, color_weight: float) -> Tensor:
    """The targets in the order of the sources that the optimal plan sends to them.

    Args:
        source: (M, C, H, W) in [-1, 1].
        target: (M, C, H, W) in [-1, 1], as many.
        color_weight: see `transport_cost`.

    Returns:
        (M, C, H, W), a permutation of `target`.

    Raises:
        UsageError: POT is not installed; running a trained flow does not need it.
    """
    try:
        import ot
    except ModuleNotFoundError as error:
        raise UsageError(
            "couplings by optimal transport need POT; pip install 'bridgebench[train]'"
        ) from error
    if len(source) != len(target):
        raise ValueError(f"a coupling needs batches of one size: {len(source)} and {len(target)}")
    cost = transport_cost(source, target, color_weight).numpy()
    plan = ot.emd([], [], cost, numItermax=1_000_000)
    return target[torch.from_numpy(plan.argmax(axis=1))]


def _on_circle(images: Tensor) -> Tensor:
    angle = mean_hue(images).double() * (math.pi / 180.0)
    return torch.stack([angle.cos(), angle.sin()], dim=1)
