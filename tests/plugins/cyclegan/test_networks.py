"""Generators and discriminators: shapes, ranges, and what their norms do to hue."""

import pytest
import torch

from bridgebench_cyclegan.networks import Discriminator, Generator, GeneratorConfig


@pytest.mark.parametrize("group_width", [1, 4])
@pytest.mark.parametrize("skip", [False, True])
@torch.no_grad()
def test_a_generator_gives_images(group_width: int, skip: bool) -> None:
    config = GeneratorConfig(width=8, blocks=1, group_width=group_width, skip=skip)
    x = torch.rand(2, 3, 16, 24) * 2 - 1
    out = Generator(config)(x)
    assert out.shape == x.shape
    assert out.abs().max() <= 1
    assert Generator(config).to(torch.bfloat16)(x.bfloat16()).shape == x.shape


@torch.no_grad()
def test_a_generator_that_changes_nothing_returns_nearly_its_image() -> None:
    network = Generator(GeneratorConfig(width=8, blocks=1, group_width=4, skip=True))
    network.head.weight.zero_()
    network.head.bias.zero_()  # type: ignore[union-attr]  # the head has a bias
    x = torch.tensor([-1.0, 0.0, 1.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    torch.testing.assert_close(network(x), torch.tanh(2 * x))


@torch.no_grad()
def test_no_norm_looks_across_images() -> None:
    """So that translation and identity term may share a pass."""
    config = GeneratorConfig(width=8, blocks=2, group_width=4)
    for network in (Generator(config), Discriminator(3, 8, 4)):
        x = torch.rand(4, 3, 16, 16)
        torch.testing.assert_close(network(x)[1:2], network(x[1:2]))


@torch.no_grad()
def test_a_patch_is_as_wide_as_it_is_said_to_be() -> None:
    """The pixels on which one score depends, its norms left out."""
    network = Discriminator(1, 4, 4)
    network.second_norm, network.third_norm = torch.nn.Identity(), torch.nn.Identity()
    x = torch.zeros(1, 1, 128, 128)
    with torch.enable_grad():
        x.requires_grad_()
        (gradient,) = torch.autograd.grad(network(x)[0, 0, 8, 8], x)
    touched = gradient[0, 0].abs().sum(dim=0).nonzero().flatten()
    assert (touched[-1] - touched[0] + 1).item() == 38


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"width": 8, "group_width": 3}, "width 8 is no multiple of group_width 3"),
        ({"blocks": 0}, "sizes of at least 1"),
    ],
)
def test_an_impossible_architecture_is_refused(fields: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GeneratorConfig(**fields)
