"""Files that are not trusted: pipes, devices and folders are refused and not waited for."""

import os
from pathlib import Path

import pytest

from bridgebench import IntegrityError
from bridgebench.files.regular_files import check_regular, read_regular


def test_a_file_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(IntegrityError, match="more than 4 bytes"):
        read_regular(path, 4)
    path.write_bytes(b"")
    assert read_regular(path, 5) == b""
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", 5)


@pytest.mark.parametrize("what", ["pipe", "folder", "/dev/zero"])
def test_what_is_no_file_is_refused_at_once(tmp_path, what):
    path = Path(what) if what.startswith("/") else tmp_path / what
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    for read in (check_regular, lambda each: read_regular(each, 10)):
        with pytest.raises(IntegrityError, match="not a regular file"):
            read(path)
