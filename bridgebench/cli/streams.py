"""Standard output that never ends a command with a traceback."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

_FULL = (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EBADF)


def replace_unencodable() -> None:
    """Print ? for a character that the terminal's encoding does not have.

    A command that was started without standard output prints to nowhere.
    """
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def unwritable_as_line(status: int | None = None) -> Iterator[None]:
    """A full disk behind standard output, as one line on standard error; the rest is dropped.

    The command ends with `status` then, or goes on where that is None. A reader that went away,
    such as `head`, is left to click, which ends the command quietly.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        _drop_the_rest()
        click.echo(f"Error: standard output cannot be written: {error.strerror}", err=True)
        if status is not None:
            raise SystemExit(status) from error


def _drop_the_rest() -> None:
    """Python writes what is left in the buffer when it ends, and would fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
