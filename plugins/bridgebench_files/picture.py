"""One image file: is it an image that can be used, what are its values, what is its hash."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError, features

from bridgebench import IntegrityError

Channels = Literal["rgb", "grey"]

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif"),
    *(".bmp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".pbm", ".pnm"),
)
MAX_BYTES = 64 * 2**20
MAX_SIDE = 8_192

_AVIF = ("AVIF",) if features.check("avif") else ()
_FORMATS = ("PNG", "JPEG", "WEBP", *_AVIF, "BMP", "TIFF", "GIF", "PPM")
_CAMERA = "MPO"
"""What Pillow calls a JPEG with previews behind the primary image, which comes first."""

_DEEP = ("I;16", "I;16L", "I;16B", "I;16N")
_MODES = {"1", "L", "P", "LA", "PA", "RGB", "RGBA", "CMYK", *_DEEP}
"""Up to 16 bits a channel; wider integers and floats have no fixed white."""

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what turns the image upright."""

_PILLOW = {"rgb": "RGB", "grey": "L"}


@dataclass(frozen=True)
class Facts:
    """What is known of an image file that was read to its end.

    width, height  in pixels, turned as its EXIF orientation says
    sha256         of the pixels as they are decoded here: two decoders of a JPEG may differ
    """

    width: int
    height: int
    sha256: str


def facts_of(path: Path) -> Facts:
    """Size and hash of an image that can be used, read once unless it changes.

    IntegrityError, one line, for a file that is missing, no image, damaged, too large, deeper than
    16 bits, animated or transparent.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror or error}") from error
    return _facts(path, status.st_size, status.st_mtime_ns)


def read_pixels(path: Path, channels: Channels, size: int | None) -> NDArray[np.uint8]:
    """The pixels as (C, H, W) bytes, in sRGB and upright.

    Of 16 bits a channel the upper 8 are taken, whether the image is gray or in color. With `size`,
    the shorter side is made `size` pixels long with a filter that averages over what it leaves out,
    and the middle is cut out as a square.
    """
    image = _decoded(path).convert(_PILLOW[channels])
    if size is not None:
        image = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def scaled(pixels: NDArray[np.uint8], low: float, high: float) -> NDArray[np.float32]:
    """Bytes to values: 0 is `low`, 255 is `high`.

    >>> scaled(np.array([0, 255], dtype=np.uint8), -1.0, 1.0).tolist()
    [-1.0, 1.0]
    """
    return (low + (high - low) * (pixels.astype(np.float64) / 255.0)).astype(np.float32)


@lru_cache(maxsize=200_000)
def _facts(path: Path, size: int, modified: int) -> Facts:
    """`facts_of`; size and time are there so that a changed file is read again."""
    if size > MAX_BYTES:
        raise IntegrityError(f"{path} has {size} bytes, more than the {MAX_BYTES} of an image")
    image = _decoded(path)
    kind = f"{image.mode} {image.width}x{image.height}\n".encode()
    pixels = hashlib.sha256(kind + image.convert("RGB").tobytes())
    return Facts(image.width, image.height, pixels.hexdigest())


def _decoded(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                _check_kind(path, image)
                image.load()
                upright = _upright(_in_srgb(path, _eight_bits(image)), _orientation(image))
    except UnidentifiedImageError as error:
        raise IntegrityError(
            f"{path} is not an image in one of the formats {', '.join(_FORMATS)}"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise IntegrityError(f"{path} is larger than {MAX_SIDE} pixels a side") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise IntegrityError(f"{path} cannot be read as an image: {reason}") from error
    _check_opaque(path, upright)
    return upright


def _check_kind(path: Path, image: Image.Image) -> None:
    """What the header says, before anything is unpacked."""
    if max(image.size) > MAX_SIDE:
        raise IntegrityError(
            f"{path} has {image.width}x{image.height} pixels, more than {MAX_SIDE} a side"
        )
    if image.mode not in _MODES:
        raise IntegrityError(
            f"{path} has pixels of kind {image.mode}; save it with 8 or 16 bits a channel, RGB or "
            "gray"
        )
    if getattr(image, "n_frames", 1) > 1 and image.format != _CAMERA:
        raise IntegrityError(f"{path} has several frames; save the one that is meant")


def _eight_bits(image: Image.Image) -> Image.Image:
    """The upper 8 of 16 bits of gray, as Pillow itself takes them of color."""
    if image.mode not in _DEEP:
        return image
    profile = image.info.get("icc_profile")
    upper = Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    return upper if profile is None else _with_profile(upper, profile)


def _with_profile(image: Image.Image, profile: bytes) -> Image.Image:
    image.info["icc_profile"] = profile
    return image


def _in_srgb(path: Path, image: Image.Image) -> Image.Image:
    """The image in sRGB where it says what its colors are; without a profile they are sRGB."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(own):
            return image
        opaque = image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")
        if own.profile.xcolor_space.strip() == "GRAY" and opaque.mode != "L":
            return image
        found = ImageCms.profileToProfile(
            opaque, own, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise IntegrityError(
            f"{path} has a color profile that cannot be used; save it in sRGB: {error}"
        ) from error
    if found is None:
        raise IntegrityError(f"{path} has a color profile that cannot be used; save it in sRGB")
    if image.has_transparency_data:
        found.putalpha(image.convert("RGBA").getchannel("A"))
    return found


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 where it says none; the rest, which may be damaged, is not read."""
    return int(image.getexif().get(_ORIENTATION, 1) or 1)


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _UPRIGHT.get(orientation)
    return image.copy() if turn is None else image.transpose(turn)


def _check_opaque(path: Path, image: Image.Image) -> None:
    """IntegrityError where something shines through: there is no right color to put behind it."""
    if not image.has_transparency_data:
        return
    if image.convert("RGBA").getchannel("A").getextrema() != (255, 255):
        raise IntegrityError(f"{path} is transparent in places; save it without transparency")
