"""Reading the files that other people send: boards, verifications, pictures."""

from __future__ import annotations

from pathlib import Path

from bridgebench.errors import IntegrityError
from bridgebench.files.regular_files import read_regular


def read_outside(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes; IntegrityError, one line, else."""
    try:
        return read_regular(path, most)
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror}") from error
