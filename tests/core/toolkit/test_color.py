"""Colors against Python's colorsys, and the mean hue on images whose answer is plain."""

import colorsys

import pytest
import torch
from hypothesis import given, strategies as st

from bridgebench.toolkit.color import (
    hsv_to_rgb,
    hue_difference,
    in_hue,
    mean_hue,
    onto_hue,
    pixel_hue,
    total_chroma,
)

unit = st.floats(0, 1)
degrees = st.floats(0, 360, exclude_max=True)


@given(degrees, unit, unit)
def test_rgb_is_that_of_colorsys(hue: float, saturation: float, value: float) -> None:
    ours = hsv_to_rgb(*(torch.tensor(v, dtype=torch.float64) for v in (hue, saturation, value)))
    theirs = colorsys.hsv_to_rgb(hue / 360, saturation, value)
    assert ours.tolist() == pytest.approx(theirs, abs=1e-9)


@given(degrees, st.floats(0.1, 1), st.floats(0.1, 1))
def test_pixel_hue_inverts_hsv(hue: float, saturation: float, value: float) -> None:
    rgb = hsv_to_rgb(*(torch.tensor(v, dtype=torch.float64) for v in (hue, saturation, value)))
    found = pixel_hue((rgb * 2 - 1).view(1, 3, 1, 1)).squeeze()
    assert 0 <= found < 360
    assert hue_difference(found, torch.tensor(hue, dtype=torch.float64)) < 1e-6


def test_black_and_grey_have_no_say_in_the_mean_hue() -> None:
    image = torch.full((1, 3, 4, 4), -1.0)
    image[0, :, 2:] = 0.3
    image[0, :, 1, 1] = torch.tensor([-1.0, 1.0, 1.0])
    assert mean_hue(image).item() == pytest.approx(180, abs=1e-3)
    assert total_chroma(image).item() == pytest.approx(1)


def test_mean_hue_goes_around_the_circle_and_weighs_by_chroma() -> None:
    one = torch.ones(3, dtype=torch.float64)
    hues = torch.tensor([350.0, 10.0, 90.0], dtype=torch.float64)
    bright = hsv_to_rgb(hues, one, torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64))
    image = (bright * 2 - 1).T.view(1, 3, 1, 3)
    assert hue_difference(mean_hue(image), torch.tensor(0.0)) < 1e-6

    uneven = hsv_to_rgb(hues[:2], one[:2], torch.tensor([1.0, 0.25], dtype=torch.float64))
    found = mean_hue((uneven * 2 - 1).T.view(1, 3, 1, 2))
    assert 350 < found < 357


def test_values_beyond_the_range_count_as_clamped() -> None:
    image = torch.tensor([3.0, -1.0, -2.0]).view(1, 3, 1, 1)
    assert total_chroma(image).item() == 1
    assert mean_hue(image).item() == 0


@given(degrees, degrees)
def test_hue_difference_is_a_metric_on_the_circle(first: float, second: float) -> None:
    a, b = torch.tensor(first, dtype=torch.float64), torch.tensor(second, dtype=torch.float64)
    difference = hue_difference(a, b)
    assert 0 <= difference <= 180
    assert difference == pytest.approx(hue_difference(b, a).item(), abs=1e-9)
    assert difference == pytest.approx(hue_difference(a + 360, b).item(), abs=1e-9)
    turned = torch.cos(torch.deg2rad(a - b))
    assert torch.cos(torch.deg2rad(difference)) == pytest.approx(turned.item(), abs=1e-9)


def test_an_image_in_another_hue_keeps_its_values_and_may_leave_the_range():
    images = torch.tensor([[1.2, 0.0, -1.0], [-0.5, 0.5, 0.0]]).view(2, 3, 1, 1)
    hues = torch.tensor([300.0, 75.0])
    for saturated in (True, False):
        out = in_hue(images, hues, saturated)
        torch.testing.assert_close(out.amax(1), images.amax(1))
        least = torch.full((2, 1, 1), -1.0) if saturated else images.amin(1)
        torch.testing.assert_close(out.amin(1), least)
        assert hue_difference(mean_hue(out), hues).max() < 0.01


def test_the_nearest_color_of_a_hue_is_nearer_than_any_other_and_unbiased_by_noise():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(1, 3, 8, 8, generator=generator) * 2 - 1
    hue = torch.tensor([75.0])
    near = onto_hue(images, hue)
    distance = (images - near).square().sum(dim=1)
    pure = hsv_to_rgb(hue, torch.ones(1), torch.ones(1))[..., None, None]
    for value in torch.linspace(-0.5, 1.5, 21):
        assert (distance <= (images - (2 * value * pure - 1)).square().sum(dim=1) + 1e-6).all()
    torch.testing.assert_close(onto_hue(near, hue), near)
    noise = torch.randn(1, 3, 8, 8, generator=generator)
    torch.testing.assert_close(
        onto_hue(images + noise, hue) + onto_hue(images - noise, hue), 2 * near
    )
