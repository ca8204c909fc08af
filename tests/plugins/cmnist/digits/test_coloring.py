"""Coloring: V is the grey value, S is 1, the hue is the one asked for, the margin is black."""

import colorsys

import numpy as np
import pytest
import torch

from bridgebench.toolkit.color import hue_difference, mean_hue
from bridgebench_cmnist.digits.coloring import color_digits, color_values, pad_digits
from bridgebench_cmnist.digits.files import load_digits


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    return load_digits("test").images[:200]


@pytest.fixture(scope="module")
def hues() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 360, 200)


def test_value_is_the_grey_value_and_saturation_is_full(grey: np.ndarray, hues: np.ndarray) -> None:
    rgb = (color_digits(grey, hues) + 1) / 2
    assert rgb.shape == (200, 3, 32, 32)
    assert rgb.dtype == torch.float32
    value = rgb.amax(dim=1)
    expected = torch.from_numpy(grey.copy()) / 255
    torch.testing.assert_close(value[:, 2:30, 2:30], expected, rtol=0, atol=1e-6)
    assert rgb.amin(dim=1).abs().max() < 1e-6


def test_background_and_margin_are_black(grey: np.ndarray, hues: np.ndarray) -> None:
    images = color_digits(grey, hues)
    padded = pad_digits(grey)
    assert (images.amax(dim=1)[padded == 0] == -1).all()
    frame = torch.ones(32, 32, dtype=torch.bool)
    frame[2:30, 2:30] = False
    assert (images[:, :, frame] == -1).all()


def test_hue_is_the_one_asked_for(grey: np.ndarray, hues: np.ndarray) -> None:
    found = mean_hue(color_digits(grey, hues).double())
    assert hue_difference(found, torch.from_numpy(hues)).max() < 1e-3


def test_every_sextant_agrees_with_colorsys() -> None:
    hues = torch.arange(0, 360, 7.5, dtype=torch.float64)
    value = torch.full((len(hues), 1, 1), 0.6)
    ours = (color_values(value, hues)[:, :, 0, 0] + 1) / 2
    theirs = [colorsys.hsv_to_rgb(h / 360, 1.0, 0.6) for h in hues.tolist()]
    torch.testing.assert_close(ours, torch.tensor(theirs), rtol=0, atol=1e-6)


def test_one_hue_an_image_or_an_error(grey: np.ndarray) -> None:
    with pytest.raises(ValueError, match="200 images but 3 hues"):
        color_digits(grey, np.zeros(3))
