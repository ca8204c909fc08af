"""`bridgebench leaderboard page`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from bridgebench.cli.leaderboard.words import split_words
from bridgebench.cli.say import say
from bridgebench.errors import InvalidOption, OutputError


@click.command(
    epilog="""\b
Examples:
  bridgebench leaderboard page runs/mine/leaderboard.csv
  bridgebench leaderboard page mine.csv yours.csv out=both.html strips=runs/mine/strips
"""
)
@click.argument("words", nargs=-1, required=True, metavar="FILE... [WORD=VALUE...]")
def page(words: tuple[str, ...]) -> None:
    """Make one HTML file of boards, which needs no network and no other file.

    \b
    WORDS:
      out=FILE      where to, a name that ends in .html (page.html)
      strips=DIR    the pictures of the rows; by default the folder `strips` beside each file
      task=PATH     the task file, for a task that is not installed
    """
    split = split_words(words).only("page", ["out", "strips", "task"])
    out = split.path("out") or Path("page.html")
    _check_out(out, split.paths)
    strips = split.path("strips")
    if strips is not None and not strips.is_dir():
        raise InvalidOption(f"strips={strips} is not a folder")
    from bridgebench.files.atomic import write_atomically
    from bridgebench.leaderboard.audit.validate import checked_board
    from bridgebench.leaderboard.audit.verifications import read_verifications
    from bridgebench.leaderboard.page.build import build_page
    from bridgebench.leaderboard.page.payload import Shown
    from bridgebench.leaderboard.table.per_image import with_pairs
    from bridgebench.plugins.registry import load_registry

    registry = load_registry()
    shown = [
        Shown(
            _label(path),
            with_pairs(checked_board(path, registry, split.path("task")), path),
            read_verifications(path),
            strips or _beside(path),
        )
        for path in split.paths
    ]
    content = build_page(shown).encode()
    try:
        write_atomically(out, content)
    except OSError as error:
        raise OutputError(f"out={out} cannot be written: {error.strerror}") from error
    say(f"page: {out} ({len(content) / 1e6:.1f} MB)")


def _check_out(out: Path, boards: Sequence[Path]) -> None:
    if out.suffix.lower() != ".html":
        raise InvalidOption(f"out={out} must end in .html, such as out=page.html")
    for board in boards:
        if out.resolve() == board.resolve():
            raise InvalidOption(f"out={out} is the board {board} itself; give another name")


def _label(path: Path) -> str:
    """What the page calls a file; readers of a page need no absolute path of this machine."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return f"{path.resolve().parent.name}/{path.name}"


def _beside(path: Path) -> Path | None:
    folder = path.with_name("strips")
    return folder if folder.is_dir() else None
