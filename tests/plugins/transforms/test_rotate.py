"""The rotation against SciPy and against exact turns."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy import ndimage
from torch import Tensor

from bridgebench import Draw
from bridgebench_transforms.rotate import Fill, Interpolation, RotateImage, RotateLatent, rotate


@pytest.mark.parametrize("angle", [60.0, -25.0, 130.0])
@pytest.mark.parametrize("fill", Fill)
@pytest.mark.parametrize("interpolation", Interpolation)
def test_rotation_is_that_of_scipy(
    angle: float, interpolation: Interpolation, fill: Fill, z: Tensor
) -> None:
    z = z.double()
    expected = ndimage.rotate(
        z.numpy(),
        angle,
        axes=(2, 3),
        reshape=False,
        order=0 if interpolation is Interpolation.NEAREST else 1,
        mode="grid-constant",
        cval=fill.level,
    )
    got = rotate(z, angle, interpolation, fill)
    np.testing.assert_allclose(got.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("interpolation", Interpolation)
def test_quarter_turns_of_a_square_are_exact(interpolation: Interpolation) -> None:
    square = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for quarters in (1, 2, 3):
        got = rotate(square, 90.0 * quarters, interpolation, Fill.ZERO)
        expected = torch.rot90(square, quarters, dims=(2, 3))
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-5)


def test_defaults_are_those_of_the_study(x: Tensor, z: Tensor, draw: Draw) -> None:
    turned = rotate(x, 60.0, Interpolation.NEAREST, Fill.ZERO)
    assert torch.equal(RotateImage().image(x, draw), turned)
    assert torch.equal(
        RotateLatent().latent(z, x, draw), rotate(z, 60.0, Interpolation.NEAREST, Fill.ZERO)
    )
    assert torch.equal(turned[:, :, 0, 0], torch.zeros(3, 3))


def test_nearest_makes_no_new_values(x: Tensor, draw: Draw) -> None:
    turned = RotateImage().image(x, draw)
    assert torch.isin(turned, torch.cat([x.flatten(), torch.zeros(1)])).all()


def test_black_corners_are_black(x: Tensor, draw: Draw) -> None:
    turned = RotateImage(fill=Fill.BLACK).image(x, draw)
    assert torch.equal(turned[:, :, 0, 0], torch.full((3, 3), -1.0))


def test_options_out_of_range_are_refused() -> None:
    for options in ({"angle": 400.0}, {"interpolation": "cubic"}, {"fill": "white"}):
        with pytest.raises(ValidationError):
            RotateImage.model_validate(options)
        with pytest.raises(ValidationError):
            RotateLatent.model_validate(options)
