"""Slant and thickness of strokes whose slant and thickness are known."""

import math

import pytest
import torch
from torch import Tensor

from bridgebench_metrics.formulas.handwriting import LEAST_INK, handwriting

SIZE = 64


def stroke(width: float, slant: float = 0.0, turned: float = 0.0, height: float = 20.0) -> Tensor:
    """(1, 64, 64): a bar with soft edges, x = slant·y along its middle, then turned, in degrees."""
    grid = torch.arange(SIZE, dtype=torch.float64) - (SIZE - 1) / 2
    x, y = grid[None, :], -grid[:, None]
    angle = math.radians(turned)
    x, y = x * math.cos(angle) + y * math.sin(angle), -x * math.sin(angle) + y * math.cos(angle)
    across = (x - slant * y).abs() / math.sqrt(1 + slant**2)
    return ((width / 2 - across + 0.5).clamp(0, 1) * (height - y.abs() + 0.5).clamp(0, 1))[None]


@pytest.mark.parametrize("slant", [-1.0, -0.4, 0.0, 0.25, 0.8])
def test_a_sheared_bar_has_the_slant_of_its_shear(slant: float) -> None:
    assert handwriting(stroke(4, slant)).slant.item() == pytest.approx(slant, abs=0.01)


def test_the_slant_is_positive_where_the_top_lies_to_the_right() -> None:
    value = torch.zeros(1, 8, 8)
    value[0, 1, 5] = value[0, 6, 2] = 1.0
    assert handwriting(value).slant.item() == pytest.approx(3 / 5)


@pytest.mark.parametrize("width", [2.0, 3.0, 5.0, 8.0])
@pytest.mark.parametrize("turned", [0.0, 20.0, 45.0, 90.0])
def test_a_bar_has_about_its_width_in_every_direction(width: float, turned: float) -> None:
    length = 2 * 20.0
    expected = width * length / (width + length)  # the edges at its two ends count, too
    found = handwriting(stroke(width, turned=turned)).thickness.item()
    assert found == pytest.approx(expected, rel=0.12)


def test_a_line_of_one_pixel_is_one_pixel_wide() -> None:
    line = torch.zeros(1, 64, 9)
    line[:, :, 4] = 1.0
    assert handwriting(line).thickness.item() == pytest.approx(64 / 63)


def test_brightness_and_place_play_no_part() -> None:
    bar = stroke(4, 0.3)
    found = handwriting(torch.cat([bar, 0.5 * bar, bar.roll((3, -5), (1, 2))]))
    for trait in (found.slant, found.thickness):
        torch.testing.assert_close(trait, trait[:1].expand(3), rtol=5e-3, atol=0)


def test_what_is_darker_than_the_least_ink_is_background() -> None:
    bar = stroke(4, 0.3)
    hazy = bar.clamp(min=LEAST_INK - 1e-6)
    clean = torch.where(bar < LEAST_INK, 0.0, bar)
    assert handwriting(hazy).slant.equal(handwriting(clean).slant)
    assert handwriting(hazy).ink.equal(handwriting(clean).ink)


def test_without_strokes_there_are_no_traits() -> None:
    black, plane, row = torch.zeros(3, 16, 16)
    plane.fill_(0.6)
    row[8, 2:14] = 1.0
    faint = plane + 1e-3 * torch.rand(16, 16, generator=torch.Generator().manual_seed(0))
    found = handwriting(torch.stack([black, plane, faint, row]))
    assert found.slant.isnan().all()
    assert found.thickness.isnan().all()
    assert found.ink.tolist() == pytest.approx([0, 0.6 * 256, faint.sum().item(), 12])
