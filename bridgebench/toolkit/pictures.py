"""Pictures of what a cell did: a strip of labeled rows, or a single image."""

from __future__ import annotations

import io
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

if TYPE_CHECKING:
    from torch import Tensor

Pixels = npt.NDArray[np.uint8]

STRIP_IMAGES = 16
LATENT_ROWS = frozenset({"latent", "changed latent"})
"""Rows that hold unit latents; the others hold images in the range of the task's items."""

LATENT_RANGE = 3.0
"""Unit latents are shown from -3 to 3, three standard deviations of a latent of unit variance."""

_SIDE = 64
_LEAST_RANGE = 1e-6
_LARGEST_SCALE = 4
_GAP = 2
_FONT_SIZE = 14
_LABEL_WIDTH = 112
_LAYOUT = "bridgebench:layout"
_MAX_LINES = 16


@dataclass(frozen=True)
class Layout:
    """What is where in a strip.

    left      the pixels at the left that hold the labels
    enlarged  how many pixels across show one of an image; all of the strip is a multiple of it
    labels    of the lines, from top to bottom
    """

    left: int = 0
    enlarged: int = 1
    labels: tuple[str, ...] = ()


def layout_of(strip: Image.Image) -> Layout:
    """The layout that a strip names; that of a picture without labels where it names none."""
    try:
        named = json.loads(strip.info[_LAYOUT])
        enlarged, labels = named["enlarged"], named["labels"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return Layout()
    known = enlarged in range(1, _LARGEST_SCALE + 1) and strip.width > _LABEL_WIDTH
    texts = isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    if not (known and texts and len(labels) <= _MAX_LINES):
        return Layout()
    return Layout(_LABEL_WIDTH, enlarged, tuple(labels))


def strip_png(rows: Mapping[str, Tensor], low: float, high: float) -> bytes:
    """A PNG with a row of up to 16 images for each label, from top to bottom.

    It names its layout. Values outside the range shown, and those that are not finite, are clipped
    to its ends.

    Args:
        rows: label -> (B, C, H, W); one channel is shown grey, three as RGB, any other number by
            its mean. `latent` and `changed latent` are shown from -3 to 3, the others from `low` to
            `high`.
        low, high: the range of the task's items; an infinite end is shown at the least or greatest
            value of the first row.
    """
    first = next(iter(rows.values()))
    low = low if math.isfinite(low) else float(first.min())
    high = high if math.isfinite(high) else max(float(first.max()), low + _LEAST_RANGE)
    wide = min(STRIP_IMAGES, max(len(images) for images in rows.values()))
    bands = [
        _row(label, images[:wide], *_range_of(label, low, high)) for label, images in rows.items()
    ]
    pixels = np.concatenate([_padded(band, max(b.shape[1] for b in bands)) for band in bands])
    return _png(pixels, _layout(rows))


def image_png(image: Tensor, low: float, high: float) -> bytes:
    """One (C, H, W) image whose values lie in [low, high] as a PNG of its own size."""
    return _png(_pixels(image[None], low, high)[0])


def _layout(rows: Mapping[str, Tensor]) -> PngInfo | None:
    """What a strip says of its layout; nothing where its lines are not equally high."""
    sizes = {tuple(images.shape[2:]) for images in rows.values()}
    if len(sizes) > 1:
        return None
    scale = _scale(max(sizes.pop()))
    named = {"enlarged": scale if _GAP % scale == 0 else 1, "labels": list(rows)}
    info = PngInfo()
    info.add_text(_LAYOUT, json.dumps(named))
    return info


def _range_of(label: str, low: float, high: float) -> tuple[float, float]:
    return (-LATENT_RANGE, LATENT_RANGE) if label in LATENT_ROWS else (low, high)


def _row(label: str, images: Tensor, low: float, high: float) -> Pixels:
    """The label at the left and the images beside it, as (height, width, 3)."""
    pixels = _pixels(images, low, high)
    scale = _scale(max(pixels.shape[1:3]))
    large = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height, width, _ = large.shape
    line = np.full((height + _GAP, count * (width + _GAP), 3), 255, dtype=np.uint8)
    for index, image in enumerate(large):
        left = index * (width + _GAP)
        line[:height, left : left + width] = image
    return np.concatenate([_label(label, height + _GAP), line], axis=1)


def _scale(side: int) -> int:
    """How many pixels across show one of an image of `side` pixels."""
    return min(_LARGEST_SCALE, max(1, _SIDE // side))


@lru_cache(maxsize=32)
def _label(text: str, height: int) -> Pixels:
    box = Image.new("RGB", (_LABEL_WIDTH, height), "white")
    font = ImageFont.load_default(_FONT_SIZE)
    ImageDraw.Draw(box).text((4, height / 2), text, fill="black", font=font, anchor="lm")
    return np.asarray(box)


def _pixels(images: Tensor, low: float, high: float) -> Pixels:
    """(B, C, H, W) -> (B, H, W, 3) bytes."""
    values = images.detach().float().cpu().numpy().astype(np.float64)
    if values.shape[1] not in (1, 3):
        values = values.mean(axis=1, keepdims=True)
    share = np.nan_to_num((values - low) / (high - low), nan=0.0, posinf=1.0, neginf=0.0)
    bytes_ = np.rint(share.clip(0.0, 1.0) * 255.0).astype(np.uint8).transpose(0, 2, 3, 1)
    return np.broadcast_to(bytes_, (*bytes_.shape[:3], 3))


def _padded(band: Pixels, width: int) -> Pixels:
    return np.pad(band, ((0, 0), (0, width - band.shape[1]), (0, 0)), constant_values=255)


def _png(pixels: Pixels, info: PngInfo | None = None) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    # Noise does not compress: run lengths alone find what there is to find, and quickly.
    image.save(stream, format="PNG", compress_level=1, compress_type=zlib.Z_RLE, pnginfo=info)
    return stream.getvalue()
