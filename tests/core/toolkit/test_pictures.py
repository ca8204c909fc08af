from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bridgebench.toolkit.pictures import image_png, strip_png

LABEL_WIDTH = 112
SCALE = 2


def rows(count: int = 16) -> dict[str, torch.Tensor]:
    source = torch.full((count, 3, 32, 32), -1.0)
    source[:, 0] = 1.0
    latent = torch.zeros(count, 3, 32, 32)
    return {
        "source": source,
        "latent": latent,
        "changed latent": latent + 3.0,
        "output": -source,
    }


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        image.verify()
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def centers(pixels: np.ndarray, row: int) -> list[tuple[int, ...]]:
    """The middle pixel of each image of a row."""
    pitch = 32 * SCALE + 2
    y = row * pitch + 16 * SCALE
    return [
        tuple(int(value) for value in pixels[y, x])
        for x in range(LABEL_WIDTH + 16 * SCALE, pixels.shape[1], pitch)
    ]


def test_a_strip_has_a_labeled_row_of_sixteen_images_for_each_part(tmp_path: Path) -> None:
    path = tmp_path / "strip.png"
    path.write_bytes(strip_png(rows(40), -1.0, 1.0))
    pixels = read(path)
    assert pixels.shape == (4 * 66, LABEL_WIDTH + 16 * 66, 3)
    assert centers(pixels, 0) == [(255, 0, 0)] * 16
    assert centers(pixels, 1) == [(128, 128, 128)] * 16
    assert centers(pixels, 2) == [(255, 255, 255)] * 16
    assert centers(pixels, 3) == [(0, 255, 255)] * 16
    labels = pixels[:, :LABEL_WIDTH].min(axis=(1, 2)).reshape(4, 66)
    assert (labels.min(axis=1) < 64).all(), "each row has dark letters on its label"


def test_pixels_are_repeated_not_smoothed(tmp_path: Path) -> None:
    image = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    (tmp_path / "strip.png").write_bytes(strip_png({"source": image}, -1.0, 1.0))
    first = read(tmp_path / "strip.png")[: 32 * SCALE, LABEL_WIDTH : LABEL_WIDTH + 32 * SCALE]
    expected = np.rint((image[0].double().numpy() + 1) * 127.5).transpose(1, 2, 0)
    for y in range(SCALE):
        for x in range(SCALE):
            assert np.array_equal(first[y::SCALE, x::SCALE], expected)


def test_latents_are_shown_to_three_standard_deviations(tmp_path: Path) -> None:
    values = torch.tensor([-9.0, -3.0, -1.5, 0.0, 1.5, 3.0, 9.0])
    latent = values.view(-1, 1, 1, 1).expand(-1, 3, 32, 32)
    (tmp_path / "strip.png").write_bytes(strip_png({"latent": latent}, -1.0, 1.0))
    shown = [color[0] for color in centers(read(tmp_path / "strip.png"), 0)]
    assert shown == [0, 0, 64, 128, 191, 255, 255]


def test_rows_that_a_method_lacks_are_left_out(tmp_path: Path) -> None:
    parts = rows(3)
    (tmp_path / "s.png").write_bytes(
        strip_png({k: parts[k] for k in ("source", "output")}, -1.0, 1.0)
    )
    pixels = read(tmp_path / "s.png")
    assert pixels.shape == (2 * 66, LABEL_WIDTH + 3 * 66, 3)
    assert centers(pixels, 1) == [(0, 255, 255)] * 3


@pytest.mark.parametrize("channels", [1, 2])
def test_other_numbers_of_channels_are_shown_grey(tmp_path: Path, channels: int) -> None:
    image = torch.zeros(1, channels, 32, 32)
    (tmp_path / "s.png").write_bytes(strip_png({"source": image}, 0.0, 4.0))
    assert centers(read(tmp_path / "s.png"), 0) == [(0, 0, 0)]
    (tmp_path / "s.png").write_bytes(strip_png({"source": image + 2.0}, 0.0, 4.0))
    assert centers(read(tmp_path / "s.png"), 0) == [(128, 128, 128)]


def test_values_that_are_not_finite_do_not_spoil_the_picture(tmp_path: Path) -> None:
    latent = torch.stack([torch.full((3, 32, 32), v) for v in (np.nan, np.inf, -np.inf)])
    (tmp_path / "s.png").write_bytes(strip_png({"latent": latent}, -1.0, 1.0))
    assert [color[0] for color in centers(read(tmp_path / "s.png"), 0)] == [0, 255, 0]


def test_large_images_are_not_enlarged(tmp_path: Path) -> None:
    (tmp_path / "s.png").write_bytes(strip_png({"source": torch.zeros(2, 3, 128, 128)}, -1.0, 1.0))
    assert read(tmp_path / "s.png").shape == (130, LABEL_WIDTH + 2 * 130, 3)


def test_nothing_but_the_picture_is_left_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "s.png").write_bytes(strip_png(rows(), -1.0, 1.0))
    (tmp_path / "s.png").write_bytes(strip_png(rows(), -1.0, 1.0))
    assert [path.name for path in tmp_path.iterdir()] == ["s.png"]


def test_an_image_is_kept_at_its_own_size(tmp_path: Path) -> None:
    image = torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(0)) * 2 - 1
    (tmp_path / "i.png").write_bytes(image_png(image, -1.0, 1.0))
    expected = np.rint((image.double().numpy() + 1) * 127.5).transpose(1, 2, 0)
    assert np.array_equal(read(tmp_path / "i.png"), expected)


def test_speed_of_a_strip(tmp_path: Path, benchmark) -> None:
    parts = rows()
    for name in ("latent", "changed latent"):
        parts[name] = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    (tmp_path / "s.png").write_bytes(benchmark(strip_png, parts, -1.0, 1.0))
    assert read(tmp_path / "s.png").shape[0] == 4 * 66
