from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridgebench.errors import IntegrityError
from bridgebench.regular_file import read_regular_file


def test_a_file_is_read_up_to_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_regular_file(path, 5) == b"12345"
    with pytest.raises(IntegrityError, match="has 5 bytes, more than the 4 allowed; remove it"):
        read_regular_file(path, 4, "remove it")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(IntegrityError, match="it is no regular file"):
        read_regular_file(tmp_path / "pipe", 10)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_not_read(device: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(device)
    for path in (Path(device), tmp_path / "link"):
        with pytest.raises(IntegrityError, match="it is no regular file"):
            read_regular_file(path, 10)


def test_a_folder_and_what_is_not_there_are_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(IntegrityError, match="cannot be read") as caught:
            read_regular_file(path, 10)
        assert "\n" not in str(caught.value)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    for path, most in ((tmp_path, 1), (tmp_path / "a", 1), (tmp_path / "a", 9)):
        try:
            read_regular_file(path, most)
        except IntegrityError:
            continue
    assert before == (len(list(Path("/proc/self/fd").iterdir())) if before else 0)
