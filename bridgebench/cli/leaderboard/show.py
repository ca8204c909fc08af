"""`bridgebench leaderboard show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridgebench.cli.leaderboard.words import Words, split_words
from bridgebench.cli.say import say, say_lines
from bridgebench.errors import InvalidOption, UnknownName

if TYPE_CHECKING:
    from bridgebench.leaderboard.render.show import View
    from bridgebench.leaderboard.table.board import Board


@click.command(
    epilog="""\b
Examples:
  bridgebench leaderboard show runs/cmnist_to7-quick/leaderboard.csv
  bridgebench leaderboard show FILE method=ddib solver=dpm,heun sort=fid top=50
  bridgebench leaderboard show FILE supervision=none,unpaired --wide
  bridgebench leaderboard show OLD NEW --compare
  bridgebench leaderboard show FILE --cite
"""
)
@click.argument("words", nargs=-1, required=True, metavar="FILE... [WORD=VALUE...]")
@click.option("--compare", "beside", is_flag=True, help="Two files row by row, with each change.")
@click.option("--wide", is_flag=True, help="Every metric column, also what is had by chance.")
@click.option("--cite", is_flag=True, help="BibTeX of what the rows used, and no table.")
def show(words: tuple[str, ...], beside: bool, wide: bool, cite: bool) -> None:
    """Show ranked boards.

    \b
    WORDS choose what is shown:
      method= source_score= target_score= solver= nfe= transform= seed=   rows to keep
      supervision=  rows to keep by what their method was given, such as none,unpaired
      sort=COLUMN   order by a metric, best first
      top=N         ranked rows of each seed (20)
      task=PATH     the task file, for a task that is not installed
    """
    split = split_words(words)
    if (beside or cite) and set(split.options) - {"task"}:
        raise InvalidOption("--compare and --cite take no words but task=PATH")
    if wide and (beside or cite):
        raise InvalidOption("--wide shows more of a board; leave out --compare and --cite")
    if beside and (cite or len(split.paths) != 2):
        raise InvalidOption("--compare takes two files, and not --cite")
    view = _view(split, wide)
    from bridgebench.cli.console import output
    from bridgebench.leaderboard.render.cite import citations
    from bridgebench.leaderboard.render.compare import compare, print_comparison
    from bridgebench.leaderboard.table.board import board_in
    from bridgebench.plugins.registry import load_registry

    registry = load_registry()
    boards = [board_in(path, registry, split.path("task")) for path in split.paths]
    if cite:
        say_lines(citations(boards, registry))
    elif beside:
        left, right = boards
        names = (str(split.paths[0]), str(split.paths[1]))
        print_comparison(compare(left, right), output(), names)
    else:
        _print(boards, split, view)


def _print(boards: list[Board], split: Words, view: View) -> None:
    from rich.console import Console

    from bridgebench.files.printable import printable
    from bridgebench.leaderboard.render.show import print_board
    from bridgebench.leaderboard.table.per_image import with_pairs

    console = Console()
    for path, board in zip(split.paths, boards, strict=True):
        if len(boards) > 1:
            console.print(printable(str(path)), style="bold", markup=False, soft_wrap=True)
        print_board(with_pairs(board, path), console, view)
        _print_trust(path, board)


def _print_trust(path: Path, board: Board) -> None:
    from bridgebench.leaderboard.audit.verifications import Trust, read_verifications, trust_of

    known = read_verifications(path)
    if known:
        states = [trust_of(row.cells["row_sha256"], known) for row in board.rows]
        said = (Trust.VERIFIED, Trust.RESCORED, Trust.DISPUTED, Trust.SELF_REPORTED)
        first, *others = (f"{states.count(trust)} {trust}" for trust in said)
        say(f"{first.replace(' ', ' rows are ')}, {', '.join(others)}.")


def _view(split: Words, wide: bool) -> View:
    from bridgebench.leaderboard.render.show import FILTERS, TOP, View
    from bridgebench.plugins.specs import split_list

    options = {key: text for key, text in split.options.items() if key != "task"}
    top, sort = options.pop("top", str(TOP)), options.pop("sort", "")
    for key in options:
        if key not in FILTERS:
            raise UnknownName("word of show", key, [*FILTERS, "top", "sort", "task"])
    if not top.isdecimal():
        raise InvalidOption(f"top={top} must be a whole number")
    only = {axis: split_list(text) for axis, text in options.items()}
    return View(int(top), sort, only, wide)
