"""The U-Net: shapes, precision, memory formats, and what its configuration refuses."""

import json

import pytest
import torch

from bridgebench.toolkit.nn.unet import UNet, UNetConfig

SMALL = UNetConfig(
    channels=(16, 32), blocks=(1, 1), attention=(False, True), embedding=32, classes=3
)


def awake(config: UNetConfig) -> UNet:
    """A network whose zero-initialized layers do something."""
    torch.manual_seed(0)
    network = UNet(config).eval()
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return network


@pytest.fixture
def inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(4, 3, 16, 16, generator=random)
    return x, torch.tensor([-1.0, -0.2, 0.3, 1.0]), torch.tensor([0, 1, 2, 3])


def test_starts_as_zero_so_that_the_skip_alone_denoises() -> None:
    assert not UNet(SMALL)(torch.randn(2, 3, 16, 16), torch.zeros(2), torch.zeros(2).long()).any()


@torch.no_grad()
def test_output_has_the_shape_of_the_input_and_depends_on_everything(
    inputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
) -> None:
    x, c_noise, label = inputs
    network = awake(SMALL)
    out = network(x, c_noise, label)
    assert out.shape == x.shape
    assert not torch.allclose(out, network(x, c_noise + 0.1, label))
    assert not torch.allclose(out, network(x, c_noise, label.flip(0)))
    assert not torch.allclose(out, network(x.flip(3), c_noise, label))


@torch.no_grad()
def test_an_image_does_not_depend_on_its_batch(
    inputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
) -> None:
    x, c_noise, label = inputs
    network = awake(SMALL)
    alone = network(x[2:3], c_noise[2:3], label[2:3])
    torch.testing.assert_close(network(x, c_noise, label)[2:3], alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_channels_last_computes_the_same(
    inputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
) -> None:
    x, c_noise, label = inputs
    network = awake(SMALL)
    plain = network(x, c_noise, label)
    network.to(memory_format=torch.channels_last)
    last = network(x.to(memory_format=torch.channels_last), c_noise, label)
    torch.testing.assert_close(last, plain, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_bfloat16_is_close_to_float32(
    inputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
) -> None:
    x, c_noise, label = inputs
    network = awake(SMALL)
    exact = network(x, c_noise, label)
    coarse = network.to(torch.bfloat16)(x.bfloat16(), c_noise, label).float()
    error = (coarse - exact).square().mean().sqrt() / exact.square().mean().sqrt()
    assert 0 < error < 0.02


@torch.no_grad()
def test_unconditional_network_takes_no_label() -> None:
    network = awake(UNetConfig(channels=(16,), blocks=(1,), attention=(False,), embedding=16))
    assert network.embed.label is None
    assert network(torch.randn(2, 3, 8, 8), torch.zeros(2)).shape == (2, 3, 8, 8)


def test_configuration_survives_json() -> None:
    assert UNetConfig.from_json(json.loads(json.dumps(SMALL.to_json()))) == SMALL


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth": 3}, "depth"),
        ({"blocks": [1]}, "one entry a level"),
        ({"channels": [16, 24]}, "24"),
    ],
)
def test_a_configuration_that_cannot_be_built_is_refused(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        UNetConfig.from_json(SMALL.to_json() | change)


def test_one_level_and_label_for_all_images_give_what_one_each_gives() -> None:
    network = awake(SMALL)
    x = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        each = network(x, torch.full((3,), 0.3), torch.full((3,), 2))
        for_all = network(x, torch.tensor([0.3]), torch.tensor([2]))
    torch.testing.assert_close(for_all, each, rtol=0, atol=1e-5)


def test_working_in_place_spares_the_input_and_gives_the_same() -> None:
    network = awake(SMALL)
    x = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(5))
    kept = x.clone()
    arguments = torch.linspace(-1.0, 1.0, 3), torch.tensor([0, 1, 2])
    with torch.no_grad():
        in_place = network(x, *arguments)
    assert torch.equal(x, kept)
    expected = network(x, *arguments).detach()
    torch.testing.assert_close(in_place, expected, rtol=0, atol=1e-5)
