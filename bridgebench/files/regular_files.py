"""Reading files that are not trusted: regular ones alone, and no more than is expected."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bridgebench.errors import IntegrityError

PIECE = 2**24


def read_regular(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes; OSError where it cannot be read.

    A pipe or a device would be waited for, or never end.

    Raises:
        IntegrityError: it is something else than a file, or larger.
    """
    # Without O_NONBLOCK the call to open a pipe waits until somebody writes to it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        _check(path, status)
        parts = [b""]
        # A file may grow while it is read.
        while status.st_size <= most >= sum(map(len, parts)):
            parts.append(os.read(descriptor, PIECE))
            if not parts[-1]:
                return b"".join(parts)
    finally:
        os.close(descriptor)
    raise IntegrityError(f"{path}: more than {most} bytes, which is too large for what it is")


def read_untrusted(path: Path, most: int) -> bytes:
    """The same of a file that somebody sent; IntegrityError, one line, also for an OSError."""
    try:
        return read_regular(path, most)
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror}") from error


def check_regular(path: Path) -> None:
    """IntegrityError unless `path` is a regular file; OSError where it is not there."""
    _check(path, path.stat())


def _check(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise IntegrityError(f"{path}: not a regular file; delete it or give another")
