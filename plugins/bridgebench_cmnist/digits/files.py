"""The MNIST digits from the four IDX files of the package, checked before they are believed."""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bridgebench import IntegrityError

Split = Literal["train", "test"]

DIGIT_SIZE = 28
_MAGIC_IMAGES, _MAGIC_LABELS = 2051, 2049
_REMEDY = "reinstall bridgebench to restore it"


@dataclass(frozen=True)
class IdxFile:
    """One gzipped IDX file as shipped."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class SplitFiles:
    """The two files of a split and how many digits they hold."""

    images: IdxFile
    labels: IdxFile
    count: int


FILES: dict[Split, SplitFiles] = {
    "train": SplitFiles(
        images=IdxFile(
            "train-images-idx3-ubyte.gz",
            9719438,
            "0b367032e93c5d0cea0925647cfdb18614af8ee15f83e6f2fc2ad904a6835971",
        ),
        labels=IdxFile(
            "train-labels-idx1-ubyte.gz",
            28857,
            "1787548bbe0bff1ec2ecdc0ef292b02df999e2d1a6002d27500982c652b17203",
        ),
        count=60_000,
    ),
    "test": SplitFiles(
        images=IdxFile(
            "t10k-images-idx3-ubyte.gz",
            1616508,
            "1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be",
        ),
        labels=IdxFile(
            "t10k-labels-idx1-ubyte.gz",
            4517,
            "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
        ),
        count=10_000,
    ),
}


@dataclass(frozen=True)
class Digits:
    """A split in the order of its file.

    Attributes:
        images: (N, 28, 28) uint8 grey values, ink bright.
        labels: (N,) uint8 in 0..9.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def data_folder() -> Traversable:
    """Where the package keeps the IDX files."""
    return files("bridgebench_cmnist") / "data"


@cache
def load_digits(split: Split) -> Digits:
    """The shipped digits of a split, read once a process; the arrays are read-only.

    Raises:
        IntegrityError: a file is missing, altered or malformed.
    """
    return read_split(data_folder(), FILES[split])


@cache
def load_labels(split: Split) -> NDArray[np.uint8]:
    """The labels of a split without its images, which take a hundred times as long to read."""
    return read_labels(data_folder(), FILES[split])


def read_split(folder: Traversable, expected: SplitFiles) -> Digits:
    """Read and check one split from any folder: size, sha256, then the IDX schema."""
    images = parse_images(_payload(folder, expected.images), expected.images.name, expected.count)
    return Digits(images=images, labels=read_labels(folder, expected))


def read_labels(folder: Traversable, expected: SplitFiles) -> NDArray[np.uint8]:
    """The labels alone of a split from any folder, checked in the same way."""
    return parse_labels(_payload(folder, expected.labels), expected.labels.name, expected.count)


def check_files() -> dict[str, str]:
    """Name and sha256 of each shipped file, as found; IntegrityError if one was altered."""
    shipped = [file for split in FILES.values() for file in (split.images, split.labels)]
    for file in shipped:
        _checked(data_folder(), file)
    return {file.name: file.sha256 for file in shipped}


def parse_images(payload: bytes, name: str, count: int) -> NDArray[np.uint8]:
    """The bytes of an IDX3 file -> (count, 28, 28); `name` is for the error."""
    header = struct.calcsize(">4I")
    found = struct.unpack(">4I", payload[:header]) if len(payload) >= header else ()
    wanted = (_MAGIC_IMAGES, count, DIGIT_SIZE, DIGIT_SIZE)
    if found != wanted:
        raise IntegrityError(f"{name}: IDX header is {found}, expected {wanted}; {_REMEDY}")
    body = count * DIGIT_SIZE**2
    if len(payload) != header + body:
        raise IntegrityError(
            f"{name}: {len(payload) - header} bytes of pixels, expected {body}; {_REMEDY}"
        )
    pixels = np.frombuffer(payload, dtype=np.uint8, offset=header)
    return pixels.reshape(count, DIGIT_SIZE, DIGIT_SIZE)


def parse_labels(payload: bytes, name: str, count: int) -> NDArray[np.uint8]:
    """The bytes of an IDX1 file -> (count,) with values in 0..9; `name` is for the error."""
    header = struct.calcsize(">2I")
    found = struct.unpack(">2I", payload[:header]) if len(payload) >= header else ()
    wanted = (_MAGIC_LABELS, count)
    if found != wanted:
        raise IntegrityError(f"{name}: IDX header is {found}, expected {wanted}; {_REMEDY}")
    if len(payload) != header + count:
        raise IntegrityError(f"{name}: {len(payload) - header} labels, expected {count}; {_REMEDY}")
    labels = np.frombuffer(payload, dtype=np.uint8, offset=header)
    if labels.max() > 9:
        raise IntegrityError(f"{name}: label {labels.max()}, expected 0 to 9; {_REMEDY}")
    return labels


def _payload(folder: Traversable, expected: IdxFile) -> bytes:
    packed = _checked(folder, expected)
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise IntegrityError(f"{expected.name}: not a gzip file ({error}); {_REMEDY}") from error


def _checked(folder: Traversable, expected: IdxFile) -> bytes:
    try:
        packed = (folder / expected.name).read_bytes()
    except OSError as error:
        raise IntegrityError(f"{expected.name}: {error.strerror or error}; {_REMEDY}") from error
    if len(packed) != expected.size:
        raise IntegrityError(
            f"{expected.name}: {len(packed)} bytes, expected {expected.size}; {_REMEDY}"
        )
    digest = hashlib.sha256(packed).hexdigest()
    if digest != expected.sha256:
        raise IntegrityError(
            f"{expected.name}: sha256 {digest[:12]}, expected {expected.sha256[:12]}; {_REMEDY}"
        )
    return packed
