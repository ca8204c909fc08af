"""The shipped digits are read as they are, and anything else is refused in one line."""

import gzip
import hashlib
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from bridgebench import IntegrityError
from bridgebench_cmnist.digits.files import (
    FILES,
    IdxFile,
    SplitFiles,
    check_files,
    data_folder,
    load_digits,
    parse_images,
    parse_labels,
    read_split,
)

# Class counts of MNIST as LeCun's page and every loader give them.
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


def test_all_digits_are_there() -> None:
    train, test = load_digits("train"), load_digits("test")
    assert train.images.shape == (60_000, 28, 28)
    assert test.images.shape == (10_000, 28, 28)
    assert np.bincount(train.labels).tolist() == TRAIN_COUNTS
    assert np.bincount(test.labels).tolist() == TEST_COUNTS
    assert (train.labels[0], test.labels[0]) == (5, 7)
    # Mean ink of the training split, the 0.1307 that MNIST loaders normalize with.
    assert train.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)


def test_shared_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        load_digits("test").images[0, 0, 0] = 1


def test_files_are_those_of_the_table() -> None:
    assert len(check_files()) == 4


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in (FILES["test"].images.name, FILES["test"].labels.name):
        shutil.copy(str(data_folder() / name), tmp_path / name)
    return tmp_path


def test_an_altered_byte_is_found(copy: Path) -> None:
    path = copy / FILES["test"].images.name
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"^t10k-images.*sha256 .*reinstall") as caught:
        read_split(copy, FILES["test"])
    assert "\n" not in str(caught.value)


def test_a_cut_file_is_found(copy: Path) -> None:
    path = copy / FILES["test"].labels.name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityError, match="4516 bytes, expected 4517"):
        read_split(copy, FILES["test"])


def test_a_missing_file_is_found(copy: Path) -> None:
    (copy / FILES["test"].labels.name).unlink()
    with pytest.raises(IntegrityError, match=r"t10k-labels.*No such file"):
        read_split(copy, FILES["test"])


def test_a_file_of_the_right_hash_that_is_no_gzip_is_found(tmp_path: Path) -> None:
    content = b"not gzip"
    (tmp_path / "a").write_bytes(content)
    entry = IdxFile("a", len(content), hashlib.sha256(content).hexdigest())
    with pytest.raises(IntegrityError, match="not a gzip file"):
        read_split(tmp_path, SplitFiles(entry, entry, 1))


def image_bytes(magic: int = 2051, count: int = 2, side: int = 28, pixels: int = 2 * 784) -> bytes:
    return struct.pack(">4I", magic, count, side, side) + bytes(pixels)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (image_bytes(magic=2049), "header"),
        (image_bytes(count=3), "header"),
        (image_bytes(side=32), "header"),
        (image_bytes(pixels=2 * 784 - 1), "1567 bytes of pixels, expected 1568"),
        (image_bytes(pixels=2 * 784 + 1), "1569 bytes of pixels"),
        (b"\0\0", "header"),
        (gzip.compress(image_bytes(), mtime=0), "header"),
    ],
)
def test_images_of_another_schema_are_refused(payload: bytes, message: str) -> None:
    with pytest.raises(IntegrityError, match=message):
        parse_images(payload, "images", 2)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (struct.pack(">2I", 2051, 2) + b"\1\2", "header"),
        (struct.pack(">2I", 2049, 3) + b"\1\2\3", "header"),
        (struct.pack(">2I", 2049, 2) + b"\1", "1 labels, expected 2"),
        (struct.pack(">2I", 2049, 2) + b"\1\x0a", "label 10, expected 0 to 9"),
    ],
)
def test_labels_of_another_schema_are_refused(payload: bytes, message: str) -> None:
    with pytest.raises(IntegrityError, match=message):
        parse_labels(payload, "labels", 2)


def test_a_well_formed_file_is_read() -> None:
    payload = struct.pack(">4I", 2051, 2, 28, 28) + bytes(range(196)) * 8
    images = parse_images(payload, "images", 2)
    assert images.shape == (2, 28, 28)
    assert images[1, 0, :3].tolist() == [0, 1, 2]
