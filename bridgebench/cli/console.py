"""Consoles for tables: as wide as the terminal, and wide enough for everything elsewhere."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console

from bridgebench.files.printable import printable

PIPE_WIDTH = 240


def output() -> Console:
    """Standard output."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def errors() -> Console:
    """Standard error."""
    return Console(stderr=True)


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Warnings on standard error as one line each, without the place in the code."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        line = printable(f"warning: {message}")
        errors().print(line, highlight=False, markup=False, soft_wrap=True)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
