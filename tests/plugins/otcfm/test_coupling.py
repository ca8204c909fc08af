"""The pairing of a batch, against an assignment solver of another library."""

import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from bridgebench.toolkit.color import in_hue
from bridgebench_otcfm.coupling import coupled, transport_cost


def images(seed: int, count: int = 24, channels: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, 4, 4, generator=generator) * 2 - 1


@pytest.mark.parametrize("color_weight", [0.0, 20.0])
def test_the_pairing_is_the_cheapest_assignment(color_weight: float) -> None:
    source, target = images(0), images(1)
    cost = transport_cost(source, target, color_weight)
    rows, columns = linear_sum_assignment(cost.numpy())
    paired = coupled(source, target, color_weight)
    assert torch.equal(paired, target[columns])
    assert len({tuple(image.flatten().tolist()) for image in paired}) == len(target)
    by_hand = cost[rows, columns].sum()
    assert by_hand < cost.diagonal().sum()


def test_the_cost_of_pixels_is_the_squared_distance() -> None:
    source, target = images(0, 3, channels=1), images(1, 5, channels=1)
    cost = transport_cost(source, target, 0.0)
    expected = (source[:, None] - target[None]).double().square().sum(dim=(2, 3, 4))
    torch.testing.assert_close(cost, expected)


def test_hues_are_compared_on_the_circle() -> None:
    """Two hues an angle apart are 2 sin(angle / 2) apart; red from 350 and 10 degrees is near."""
    grey = images(0, 1).expand(3, 3, 4, 4)
    colored = in_hue(grey, torch.tensor([0.0, 60.0, 350.0]))
    difference = transport_cost(colored, colored, 7.0) - transport_cost(colored, colored, 0.0)
    angles = torch.deg2rad(torch.tensor([60.0, 10.0, 70.0], dtype=torch.float64))
    expected = 7.0 * (2 * torch.sin(angles / 2)).square()
    got = torch.stack([difference[0, 1], difference[0, 2], difference[1, 2]])
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_a_large_weight_pairs_equal_hues() -> None:
    hues = torch.arange(12) * 30.0
    source = in_hue(images(0, 12), hues)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(3))
    target = in_hue(images(1, 12), hues[order])
    assert torch.equal(coupled(source, target, 1e6), target[order.argsort()])


def test_batches_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="batches of one size: 3 and 4"):
        coupled(images(0, 3), images(1, 4), 0.0)
