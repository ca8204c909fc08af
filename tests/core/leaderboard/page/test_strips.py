"""Strips as thumbnails: bounded, as large as before, with their labels as text."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from bridgebench.errors import IntegrityError
from bridgebench.leaderboard.page.payload import Shown
from bridgebench.leaderboard.page.strips import MAX_THUMBNAIL_BYTES, Thumbnail, strips_of
from bridgebench.leaderboard.table.board import Board
from bridgebench.plan.model import identity_of
from bridgebench.toolkit.pictures import strip_png

LABELS = ("source", "latent", "changed latent", "output")


@pytest.fixture
def board(bench) -> Board:
    bench.add("ddib")
    return bench.board()


@pytest.fixture
def path(board: Board, tmp_path: Path) -> Path:
    """Where the picture of the board's row is looked for."""
    (row,) = board.rows
    return tmp_path / f"{identity_of(row.axes)}.png"


@pytest.fixture
def thumbnail(board: Board, path: Path) -> Callable[[], Thumbnail]:
    def read() -> Thumbnail:
        ((name, found),) = strips_of([Shown("b.csv", board, (), path.parent)])
        assert name == path.stem
        return found

    return read


def noise(side: int, count: int = 16) -> dict[str, Tensor]:
    made = torch.Generator().manual_seed(0)
    return {name: torch.rand(count, 3, side, side, generator=made) * 2 - 1 for name in LABELS}


def pixels(found: Thumbnail) -> np.ndarray:
    with Image.open(io.BytesIO(found.webp)) as image:
        assert image.format == "WEBP"
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("side", [8, 21, 32, 64, 128])
def test_no_strip_is_larger_than_the_bound_even_of_noise(path: Path, thumbnail, side) -> None:
    path.write_bytes(strip_png(noise(side), -1.0, 1.0))
    found = thumbnail()
    assert 0 < len(found.webp) <= MAX_THUMBNAIL_BYTES
    assert len(found.webp) < path.stat().st_size


def test_it_has_the_images_in_their_own_pixels_and_is_shown_as_large_as_the_strip(
    path: Path, thumbnail
) -> None:
    rows = {name: torch.full((16, 3, 32, 32), -1.0) for name in LABELS}
    rows["output"][:, 0, 8:24, 8:24] = 1.0
    path.write_bytes(strip_png(rows, -1.0, 1.0))
    found = thumbnail()
    seen = pixels(found)
    assert seen.shape == (4 * 33, 16 * 33, 3)
    assert (found.width, found.height) == (16 * 66, 4 * 66)
    assert found.labels == LABELS
    red, green, _ = seen[3 * 33 + 16, 16].tolist()
    assert red > 200
    assert green < 60
    assert seen[3 * 33 + 3, 3].max() < 60


def test_a_strip_without_a_layout_is_shown_whole(path: Path, thumbnail) -> None:
    Image.new("RGB", (300, 66), "white").save(path)
    found = thumbnail()
    assert (found.width, found.height, found.labels) == (300, 66, ())
    assert pixels(found).shape == (66, 300, 3)


def test_lines_of_several_heights_keep_their_labels_in_the_picture(path: Path, thumbnail) -> None:
    rows = {"source": torch.zeros(2, 3, 32, 32), "latent": torch.zeros(2, 3, 8, 8)}
    path.write_bytes(strip_png(rows, -1.0, 1.0))
    assert thumbnail().labels == ()


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + bytes(100)],
    ids=["empty", "a GIF", "a signature alone", "zeros"],
)
def test_what_is_no_png_is_refused_in_one_line(path: Path, thumbnail, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="is no PNG; remove it") as caught:
        thumbnail()
    assert "\n" not in str(caught.value)


def test_a_cut_strip_is_refused(path: Path, thumbnail) -> None:
    path.write_bytes(strip_png(noise(32), -1.0, 1.0))
    whole = path.read_bytes()
    for size in (30, 60, 200, len(whole) // 2):
        path.write_bytes(whole[:size])
        with pytest.raises(IntegrityError, match="is no PNG"):
            thumbnail()


def test_a_picture_of_too_many_pixels_is_refused(path: Path, thumbnail) -> None:
    Image.new("1", (9000, 9000)).save(path)
    with pytest.raises(IntegrityError, match="9000 x 9000 pixels; it is no strip"):
        thumbnail()


def test_a_row_without_a_picture_has_none(board: Board, tmp_path: Path) -> None:
    assert list(strips_of([Shown("b.csv", board, (), tmp_path)])) == []
    assert list(strips_of([dataclasses.replace(Shown("b.csv", board), strips=None)])) == []
