"""Thumbnails keep copies of one image together, and nearest ones are found."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from bridgebench.toolkit.color import hsv_to_rgb
from bridgebench_metrics.formulas.thumbnails import (
    COPY,
    blurred,
    has_twin,
    image_thumbnails,
    nearest_distance,
    reference_thumbnails,
    usual_distance,
)

SIZE = 32


def blobs(n: int, seed: int, size: int = SIZE) -> Tensor:
    """(n, 3, size, size) white images of a few soft strokes in the middle, on black."""
    rng = np.random.default_rng(seed)
    grid = np.arange(size) - (size - 1) / 2
    value = np.zeros((n, size, size))
    for _ in range(4):
        x, y = rng.uniform(-0.2, 0.2, (2, n, 1, 1)) * size
        a, b = rng.uniform(0.03, 0.12, (2, n, 1, 1)) * size
        spot = np.exp(-(((grid[None, None] - x) / a) ** 2) - ((grid[None, :, None] - y) / b) ** 2)
        value = np.maximum(value, spot)
    value[value < 0.05] = 0
    return torch.from_numpy(2 * value - 1).float()[:, None].expand(-1, 3, -1, -1).contiguous()


def recolored(images: Tensor) -> Tensor:
    hue = torch.linspace(0, 350, len(images))[:, None, None]
    rgb = hsv_to_rgb(hue, torch.ones(()), (images.amax(dim=1) + 1) / 2)
    return rgb.movedim(-1, 1) * 2 - 1


def noisy(images: Tensor) -> Tensor:
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    return (images + 0.1 * noise).clamp(-1, 1)


DISGUISES: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda images: images,
    "another hue": recolored,
    "moved": lambda images: images.roll((1, -2), (2, 3)),
    "dimmed": lambda images: images * 0.5 - 0.5,
    "noise": noisy,
    "slight blur": lambda images: gaussian_blur(images, [9, 9], [0.5, 0.5]),
    "blur": lambda images: gaussian_blur(images, [9, 9], [0.9, 0.9]),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguised_copy_is_near_what_it_copies(disguise, bench):
    known, unseen = blobs(200, 1), blobs(60, 2)
    context = bench(known, unseen)
    distance = nearest_distance(
        image_thumbnails(DISGUISES[disguise](known[:50])), reference_thumbnails(context)
    )
    assert (distance < COPY * usual_distance(context)).all()


def test_what_is_no_copy_is_far(bench):
    context = bench(blobs(200, 1), blobs(60, 2))
    others = image_thumbnails(blobs(60, 3))
    distance = nearest_distance(others, reference_thumbnails(context))
    assert (distance > COPY * usual_distance(context)).double().mean() > 0.9
    assert distance.mean().item() == pytest.approx(usual_distance(context), rel=0.2)


@pytest.mark.parametrize(("size", "numbers"), [(32, 256), (9, 81), (50, 256)])
def test_thumbnails_have_norm_1_and_at_most_16_points_a_side(size, numbers):
    small = image_thumbnails(blobs(7, 1, size))
    assert small.shape == (7, numbers)
    torch.testing.assert_close(small.norm(dim=1), torch.ones(7))
    assert (image_thumbnails(torch.full((2, 1, size, size), -1.0)) == 0).all()


def test_thumbnails_do_not_depend_on_the_tiles():
    images = blobs(23, 1)
    tiled = image_thumbnails(images, numbers=5 * images[0].numel())
    torch.testing.assert_close(tiled, image_thumbnails(images), rtol=0, atol=1e-6)


def test_no_number_of_a_thumbnail_is_below_the_normal_range():
    """Products of such numbers take many times longer, and there are millions of them."""
    small = image_thumbnails(blobs(50, 1))
    assert (small[small > 0] > 1e-15).all()


def test_the_blur_is_a_gaussian_of_0_8_pixels_of_32():
    value = (blobs(5, 1).amax(dim=1) + 1) / 2
    expected = gaussian_blur(value, [13, 13], [0.8, 0.8])
    torch.testing.assert_close(blurred(value), expected, rtol=0, atol=2e-3)


@pytest.mark.parametrize("numbers", [8, 100, 10**6])
def test_twins_are_found_in_tiles(numbers):
    points = torch.tensor([[0.0, 0], [5, 0], [0, 0.5], [9, 9], [5, 0], [9, 7.9]])
    found = has_twin(points, 1.0, numbers)
    assert found.tolist() == [True, True, True, False, True, False]
    assert not has_twin(points[:1], 1.0, numbers).any()
