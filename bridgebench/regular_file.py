"""Reading a file that somebody else made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bridgebench.errors import IntegrityError

_WITHOUT_WAITING = vars(os).get("O_NONBLOCK", 0) | vars(os).get("O_BINARY", 0)
"""A pipe that nobody writes to is opened without waiting. Windows has no pipes by path, but a text
mode."""


def read_regular_file(path: Path, most: int, remedy: str = "give another file") -> bytes:
    """The bytes of a regular file; a link is followed.

    What it is and how large is asked of the open file, so that nothing can take its place between
    the question and the reading. A pipe or device is never read: it may not end.

    Args:
        path: the file.
        most: how many bytes it may have.
        remedy: what to do about a file that is not read.

    Raises:
        IntegrityError: it is missing, no regular file, or too large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _WITHOUT_WAITING)
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror}; {remedy}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise IntegrityError(f"{path} cannot be read: it is no regular file; {remedy}")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror}; {remedy}") from error
    finally:
        os.close(descriptor)
    if len(content) > most:
        size = max(found.st_size, len(content))
        raise IntegrityError(f"{path} has {size} bytes, more than the {most} allowed; {remedy}")
    return content
