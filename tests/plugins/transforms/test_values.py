"""Transforms of the latent against independent computations."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Tensor

from bridgebench import Draw, generator
from bridgebench_transforms.blend_image import BlendImage
from bridgebench_transforms.checker import CheckerImage, CheckerNoise
from bridgebench_transforms.fixed_noise import FixedNoise
from bridgebench_transforms.normalize import Kind, Normalize
from bridgebench_transforms.scale import Scale

batches = npst.arrays(
    np.float64, (2, 3, 4, 5), elements=st.floats(-50, 50, allow_subnormal=False), fill=st.nothing()
)


def normalized(values: NDArray[np.float64], kind: Kind) -> NDArray[np.float64]:
    z = torch.from_numpy(values)
    out = Normalize(kind=kind).latent(z, z, Draw(seed=0, ids=("a", "b")))
    return out.numpy()


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("shape", [(6,), (2, 3)])
def test_items_without_planes_are_normalized_one_by_one(kind: Kind, shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).normal(size=(2, 1, 2, 3))
    flat = images.reshape(2, *shape)
    np.testing.assert_allclose(
        normalized(flat, kind).reshape(images.shape), normalized(images, kind)
    )


@settings(deadline=None)
@given(values=batches)
def test_normalize_gives_mean_0_and_deviation_1(values: NDArray[np.float64]) -> None:
    for before, after in zip(values, normalized(values, Kind.STD), strict=True):
        if before.std() < 1e-6:
            continue
        assert abs(after.mean()) < 1e-7
        assert abs(after.std() - 1) < 1e-7
        np.testing.assert_allclose(
            after, (before - before.mean()) / before.std(), atol=1e-6, rtol=1e-6
        )


@settings(deadline=None)
@given(values=batches)
def test_l2_gives_the_norm_of_a_unit_latent(values: NDArray[np.float64]) -> None:
    for before, after in zip(values, normalized(values, Kind.L2), strict=True):
        norm = np.sqrt((before**2).sum())
        if norm < 1e-6:
            continue
        np.testing.assert_allclose(np.sqrt((after**2).sum()), np.sqrt(60), rtol=1e-9)
        np.testing.assert_allclose(after, before / norm * np.sqrt(60), rtol=1e-9)


@settings(deadline=None)
@given(values=batches)
def test_minmax_stretches_to_the_range_of_images(values: NDArray[np.float64]) -> None:
    for before, after in zip(values, normalized(values, Kind.MINMAX), strict=True):
        if np.ptp(before) < 1e-6:
            continue
        assert after.min() == pytest.approx(-1)
        assert after.max() == pytest.approx(1)
        expected = np.interp(before, (before.min(), before.max()), (-1, 1))
        np.testing.assert_allclose(after, expected, atol=1e-9)


@pytest.mark.parametrize("level", [0.0, 0.1, -3.7])
def test_normalizing_a_constant_stays_finite(level: float) -> None:
    constant = np.full((2, 3, 4, 5), level)
    assert np.all(normalized(constant, Kind.STD) == 0)
    assert np.all(normalized(constant, Kind.MINMAX) == -1)
    np.testing.assert_allclose(normalized(constant, Kind.L2), np.sign(constant))


def test_scale(z: Tensor, x: Tensor, draw: Draw) -> None:
    expected = z.numpy() * np.float32(1.5)
    np.testing.assert_array_equal(Scale(c=1.5).latent(z, x, draw).numpy(), expected)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_blend(p: float, z: Tensor, x: Tensor, draw: Draw) -> None:
    expected = p * x.numpy().astype(np.float64) + (1 - p) * z.numpy().astype(np.float64)
    got = BlendImage(p=p).latent(z.double(), x.double(), draw).numpy()
    np.testing.assert_allclose(got, expected, atol=1e-14)


def fixed(seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return generator(seed, "fixed_noise", "").standard_normal(shape, dtype=np.float32)


def test_fixed_noise_is_one_draw_for_each_seed(z: Tensor, x: Tensor, draw: Draw) -> None:
    got = FixedNoise(c=0.3).latent(z, x, draw)
    expected = z.numpy() + np.float32(0.3) * fixed(draw.seed, (3, 12, 10))[None]
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-6, atol=1e-6)
    other = FixedNoise(c=0.3).latent(z, x, Draw(seed=draw.seed + 1, ids=draw.ids))
    assert not torch.allclose(got, other)


def test_checker_image_has_the_image_on_even_cells(z: Tensor, x: Tensor, draw: Draw) -> None:
    got = CheckerImage().latent(z, x, draw)
    for row in range(12):
        for column in range(10):
            one = x if (row + column) % 2 == 0 else z
            assert torch.equal(got[:, :, row, column], one[:, :, row, column])


def test_checker_noise_has_the_fixed_noise_on_even_cells(z: Tensor, x: Tensor, draw: Draw) -> None:
    got = CheckerNoise().latent(z, x, draw).numpy()
    noise = np.broadcast_to(fixed(draw.seed, (3, 12, 10)), got.shape)
    even = np.indices((12, 10)).sum(0) % 2 == 0
    np.testing.assert_array_equal(got[:, :, even], noise[:, :, even])
    np.testing.assert_array_equal(got[:, :, ~even], z.numpy()[:, :, ~even])


@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_a_weight_out_of_range_is_refused(p: float) -> None:
    with pytest.raises(ValidationError):
        BlendImage(p=p)


@pytest.mark.parametrize("plugin", [Scale, FixedNoise])
def test_a_negative_or_infinite_factor_is_refused(plugin: type[Scale] | type[FixedNoise]) -> None:
    for c in (-1.0, float("inf")):
        with pytest.raises(ValidationError):
            plugin(c=c)


@pytest.mark.parametrize("plugin", [Scale, FixedNoise, BlendImage])
def test_the_amount_has_no_default(plugin: type[Scale]) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        plugin.model_validate({})
