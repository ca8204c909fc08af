"""What holds for each transform, whatever it does."""

import importlib

import pytest
import torch
from torch import Tensor

from bridgebench import Draw, Transform, UsageError
from bridgebench_transforms.blend_image import BlendImage
from bridgebench_transforms.blur import BlurImage, BlurLatent
from bridgebench_transforms.checker import CheckerImage, CheckerNoise
from bridgebench_transforms.fixed_noise import FixedNoise
from bridgebench_transforms.hooks import bridgebench_transforms
from bridgebench_transforms.identity import Identity
from bridgebench_transforms.normalize import Kind, Normalize
from bridgebench_transforms.rotate import Fill, Interpolation, RotateImage, RotateLatent
from bridgebench_transforms.scale import Scale

ON_IMAGE: tuple[Transform, ...] = (
    BlurImage(),
    RotateImage(),
    RotateImage(interpolation=Interpolation.BILINEAR, fill=Fill.BLACK),
)
ON_LATENT: tuple[Transform, ...] = (
    *(Normalize(kind=kind) for kind in Kind),
    Scale(c=0.8),
    FixedNoise(c=0.1),
    BlendImage(p=0.3),
    CheckerImage(),
    CheckerNoise(),
    BlurLatent(),
    RotateLatent(),
    RotateLatent(interpolation=Interpolation.BILINEAR, fill=Fill.BLACK),
)
EVERY = (Identity(), *ON_IMAGE, *ON_LATENT)
every_transform = pytest.mark.parametrize("transform", EVERY, ids=lambda t: t.spec)


def test_hooks_name_each_class_by_its_own_name() -> None:
    named = bridgebench_transforms()
    assert set(named) == {type(transform).name for transform in EVERY}
    for name, target in named.items():
        assert isinstance(target, str)
        module, _, attribute = target.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert issubclass(found, Transform)
        assert found.name == name


@every_transform
def test_stage_that_it_has_acts_and_the_other_does_nothing(
    transform: Transform, z: Tensor, x: Tensor, draw: Draw
) -> None:
    assert transform.acts_on_image == (transform in ON_IMAGE)
    assert torch.equal(transform.image(x, draw), x) == (transform not in ON_IMAGE)
    assert torch.equal(transform.latent(z, x, draw), z) == (transform not in ON_LATENT)


@every_transform
def test_inputs_are_not_changed(transform: Transform, z: Tensor, x: Tensor, draw: Draw) -> None:
    z_before, x_before = z.clone(), x.clone()
    transform.image(x, draw)
    transform.latent(z, x, draw)
    assert torch.equal(z, z_before)
    assert torch.equal(x, x_before)


@every_transform
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shape_and_dtype_are_kept(
    transform: Transform, dtype: torch.dtype, z: Tensor, x: Tensor, draw: Draw
) -> None:
    for out in (
        transform.image(x.to(dtype), draw),
        transform.latent(z.to(dtype), x.to(dtype), draw),
    ):
        assert out.shape == z.shape
        assert out.dtype == dtype


@every_transform
def test_an_item_gets_the_same_in_any_batch(
    transform: Transform, z: Tensor, x: Tensor, draw: Draw
) -> None:
    order = [2, 0]
    other = Draw(seed=draw.seed, ids=tuple(draw.ids[i] for i in order))
    image, latent = transform.image(x, draw), transform.latent(z, x, draw)
    assert torch.equal(transform.image(x[order], other), image[order])
    assert torch.equal(transform.latent(z[order], x[order], other), latent[order])


@pytest.mark.parametrize("shape", [(4,), (6, 5)])
@pytest.mark.parametrize(
    ("transform", "what"),
    [
        (BlurImage(), "a blur"),
        (RotateImage(), "a rotation"),
        (BlurLatent(), "a blur"),
        (RotateLatent(), "a rotation"),
        (CheckerImage(), "a checkerboard"),
        (CheckerNoise(), "a checkerboard"),
    ],
    ids=lambda value: value.spec if isinstance(value, Transform) else "",
)
def test_items_without_channels_height_and_width_are_refused_in_one_line(
    transform: Transform, what: str, shape: tuple[int, ...], draw: Draw
) -> None:
    x = torch.zeros(3, *shape)
    with pytest.raises(UsageError) as refused:
        transform.latent(transform.image(x, draw), x, draw)
    assert str(refused.value) == (
        f"{what} needs items of shape (C, H, W), and these have the shape {shape}; "
        "leave this transform out"
    )
