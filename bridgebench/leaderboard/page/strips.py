"""The pictures of a page's rows, found by the identity of their cells, small enough for a page.

A strip is a PNG of hundreds of kilobytes, half of it noise; a page has hundreds of them. So the
labels become text, the images are shown in their own pixels, which the browser enlarges, and each
picture has the best quality at which it fits into a fixed number of bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bridgebench.errors import IntegrityError
from bridgebench.files.regular_files import read_untrusted
from bridgebench.leaderboard.page.payload import Shown
from bridgebench.plan.model import identity_of
from bridgebench.toolkit.pictures import Layout, layout_of

MAX_STRIP_BYTES = 4 * 2**20
MAX_STRIP_PIXELS = 2**25

MAX_THUMBNAIL_BYTES = 6000
"""240 of these take 1.9 MB in a page, where 3 bytes are written as 4 letters."""

QUALITIES = (75, 50, 35, 25)
"""Tried from the best; below the last, digits fray, and fewer pixels look better."""


@dataclass(frozen=True)
class Thumbnail:
    """A strip as the page shows it.

    webp           the images, without labels
    width, height  in which to show it, in CSS pixels
    labels         of its lines, from top to bottom; none where the strip does not name them
    """

    webp: bytes
    width: int
    height: int
    labels: tuple[str, ...]


def strips_of(shown: Sequence[Shown]) -> Iterator[tuple[str, Thumbnail]]:
    """The picture of each row that has one, once, with the identity of its cell.

    IntegrityError for a file that is no PNG, or too large for one.
    """
    done: set[str] = set()
    for each in shown:
        if each.strips is None:
            continue
        for row in each.board.rows:
            identity = identity_of(row.axes)
            path = each.strips / f"{identity}.png"
            if identity not in done and path.is_file():
                done.add(identity)
                yield identity, _thumbnail_of(path)


def thumbnail(image: Image.Image, layout: Layout) -> Thumbnail:
    """A strip of at most `MAX_THUMBNAIL_BYTES`."""
    body = image.convert("RGB").crop((layout.left, 0, image.width, image.height))
    factor = layout.enlarged
    while True:
        small = body.reduce(factor)
        for quality in QUALITIES:
            webp = _encoded(small, quality)
            if len(webp) <= MAX_THUMBNAIL_BYTES:
                return Thumbnail(webp, body.width, body.height, layout.labels)
        factor *= 2


def _thumbnail_of(path: Path) -> Thumbnail:
    content = read_untrusted(path, MAX_STRIP_BYTES)
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.width * image.height > MAX_STRIP_PIXELS:
                raise IntegrityError(
                    f"{path} has {image.width} x {image.height} pixels; it is no strip"
                )
            image.load()
            return thumbnail(image, layout_of(image))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise IntegrityError(f"{path} is no PNG; remove it, or leave strips= out") from error


def _encoded(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format="WEBP", quality=quality, method=4)
    return stream.getvalue()
