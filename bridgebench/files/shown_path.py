"""Paths as people type them."""

from pathlib import Path


def shown(path: Path) -> str:
    """A path as a person would type it here: relative where it is below the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
