"""Muon: what orthogonalization does to singular values, and who is trained by what."""

import pytest
import torch
from torch import nn

from bridgebench.toolkit.nn.optimizers import Muon, orthogonalize, split_optimizers


@pytest.mark.parametrize("shape", [(24, 24), (16, 64), (64, 16)])
def test_orthogonalization_levels_singular_values_and_keeps_the_vectors(
    shape: tuple[int, int],
) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    result = orthogonalize(matrix).float()
    assert result.shape == matrix.shape
    inside = u.T @ result @ vh.T
    # The smallest singular values need more iterations than five to come up.
    large = s > 0.05 * s[0]
    assert torch.all((inside.diagonal()[large] > 0.5) & (inside.diagonal()[large] < 1.3))
    assert (inside - torch.diag(inside.diagonal())).abs().max() < 0.1


def test_a_step_has_the_size_of_an_adam_step_whatever_the_gradient() -> None:
    torch.manual_seed(0)
    for scale in (1e-4, 1e3):
        weight = nn.Parameter(torch.zeros(32, 16, 3, 3))
        weight.grad = scale * torch.randn_like(weight)
        Muon([weight], lr=0.01).step()
        rms = weight.detach().square().mean().sqrt()
        assert 0.1 * 0.01 < rms < 0.3 * 0.01


def test_muon_finds_the_minimum_of_a_quadratic() -> None:
    torch.manual_seed(0)
    target = torch.randn(8, 12)
    weight = nn.Parameter(torch.zeros(8, 12))
    optimizer = Muon([weight], lr=0.1)
    for step in range(300):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 300)
        weight.grad = weight.detach() - target
        optimizer.step()
    assert (weight - target).abs().max() < 0.05


def test_hidden_matrices_go_to_muon_and_all_else_to_adamw() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.Conv2d(8, 8, 3), nn.Linear(8, 4)
    )
    *muons, adamw = split_optimizers(network, lr=1e-3, decay=0.0, skip=[network[0]], parts=2)
    names = {id(p): name for name, p in network.named_parameters()}
    parts = [{names[id(p)] for g in muon.param_groups for p in g["params"]} for muon in muons]
    rest = {names[id(p)] for group in adamw.param_groups for p in group["params"]}
    assert parts == [{"2.weight"}, {"3.weight"}]
    assert rest == set(names.values()) - {"2.weight", "3.weight"}
