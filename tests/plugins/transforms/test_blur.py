"""The blur against SciPy."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy import ndimage
from torch import Tensor

from bridgebench import Draw
from bridgebench_transforms.blur import BlurImage, BlurLatent, gaussian_blur


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.0, 5.0])
def test_blur_is_that_of_scipy_with_mode_reflect(sigma: float, x: Tensor) -> None:
    x = x.double()
    expected = ndimage.gaussian_filter(x.numpy(), sigma, mode="reflect", axes=(2, 3))
    np.testing.assert_allclose(gaussian_blur(x, sigma).numpy(), expected, atol=1e-14)


def test_blur_of_the_image_is_divided(x: Tensor, draw: Draw) -> None:
    expected = ndimage.gaussian_filter(x.double().numpy(), 2.0, axes=(2, 3)) / 0.6
    np.testing.assert_allclose(BlurImage().image(x, draw).numpy(), expected, atol=1e-6)


def test_blur_of_the_latent_is_divided(z: Tensor, x: Tensor, draw: Draw) -> None:
    expected = ndimage.gaussian_filter(z.double().numpy(), 1.5, axes=(2, 3)) / 0.5
    blur = BlurLatent(sigma=1.5, divisor=0.5)
    np.testing.assert_allclose(blur.latent(z, x, draw).numpy(), expected, atol=1e-6)


def test_blur_keeps_the_level_of_a_flat_image() -> None:
    flat = torch.full((1, 3, 6, 7), -0.6, dtype=torch.float64)
    torch.testing.assert_close(gaussian_blur(flat, 2.0), flat, rtol=0, atol=1e-15)


@pytest.mark.parametrize(("option", "value"), [("sigma", 0.0), ("sigma", 1e9), ("divisor", 0.0)])
def test_options_out_of_range_are_refused(option: str, value: float) -> None:
    with pytest.raises(ValidationError):
        BlurImage.model_validate({option: value})
    with pytest.raises(ValidationError):
        BlurLatent.model_validate({option: value})
