"""Consoles for tables: as wide as the terminal, and wide enough for everything elsewhere."""

from __future__ import annotations

from rich.console import Console

PIPE_WIDTH = 240


def output() -> Console:
    """Standard output."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def errors() -> Console:
    """Standard error."""
    return Console(stderr=True)
