"""`bridgebench leaderboard`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridgebench.errors import BridgebenchError, IntegrityError, InvalidOption, UnknownName

if TYPE_CHECKING:
    from bridgebench.leaderboard.show import View
    from bridgebench.registry import Registry


@click.group()
def leaderboard() -> None:
    """Show and check leaderboards."""


@leaderboard.command(
    epilog="""\b
Examples:
  bridgebench leaderboard show runs/cmnist_to7-quick/leaderboard.csv
  bridgebench leaderboard show FILE method=ddib solver=dpm,heun sort=fid top=50
"""
)
@click.argument("words", nargs=-1, required=True, metavar="FILE... [WORD=VALUE...]")
def show(words: tuple[str, ...]) -> None:
    """Show ranked boards.

    \b
    WORDS choose what is shown:
      method= source_score= target_score= solver= nfe= transform= seed=   rows to keep
      sort=COLUMN   order by a metric, best first
      top=N         ranked rows of each seed (20)
      task=PATH     the task file, for a task that is not installed
    """
    paths, options = _split(words)
    view, task_file = _view(options)
    from rich.console import Console

    from bridgebench.leaderboard.board import board_in
    from bridgebench.leaderboard.show import print_board
    from bridgebench.registry import load_registry

    registry = load_registry()
    console = Console()
    for path in paths:
        board = board_in(path, registry, task_file)
        if len(paths) > 1:
            console.print(str(path), style="bold", markup=False, soft_wrap=True)
        print_board(board, console, view)


@leaderboard.command()
@click.argument("words", nargs=-1, required=True, metavar="FILE... [task=PATH]")
def validate(words: tuple[str, ...]) -> None:
    """Check boards: one line for each, exit status 2 if one is not what it says.

    Form, types, ranges, intervals, fingerprints, ranks and Pareto marks are checked; tie groups in
    their form alone, as the statistics of the images are not in the file. `task=PATH` gives the
    task file of a task that is not installed.
    """
    paths, options = _split(words)
    task_file = _task_file(options)
    for key in options:
        raise UnknownName("word of validate", key, ["task"])
    from bridgebench.registry import load_registry

    registry = load_registry()
    wrong = False
    for path in paths:
        try:
            click.echo(f"{path}: ok, {_validate(path, registry, task_file)}")
        except BridgebenchError as error:
            wrong = True
            click.echo(f"Error: {error}", err=True)
    if wrong:
        raise SystemExit(2)


def _validate(path: Path, registry: Registry, task_file: Path | None) -> str:
    from bridgebench.leaderboard.board import board_in
    from bridgebench.leaderboard.validate import validate_board

    board = board_in(path, registry, task_file)
    try:
        validate_board(board.table, board.task, board.metrics.all)
    except IntegrityError as error:
        raise IntegrityError(f"{path}, {error}") from error
    return f"{len(board.table)} rows of task {board.task.name}"


def _split(words: Sequence[str]) -> tuple[list[Path], dict[str, str]]:
    """Files and WORD=VALUE options; a file whose name holds = is taken as one if it is there."""
    paths: list[Path] = []
    options: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and key.isidentifier()) or Path(word).exists():
            paths.append(Path(word))
        elif not value or key in options:
            raise InvalidOption(f"'{word}' must be {key}=VALUE, given once")
        else:
            options[key] = value
    if not paths:
        raise InvalidOption("no file is named; give the path of a leaderboard.csv")
    return paths, options


def _task_file(options: dict[str, str]) -> Path | None:
    text = options.pop("task", None)
    return Path(text) if text else None


def _view(options: dict[str, str]) -> tuple[View, Path | None]:
    from bridgebench.leaderboard.show import FILTERS, TOP, View
    from bridgebench.specs import split_list

    task_file = _task_file(options)
    top, sort = options.pop("top", str(TOP)), options.pop("sort", "")
    for key in options:
        if key not in FILTERS:
            raise UnknownName("word of show", key, [*FILTERS, "top", "sort", "task"])
    if not top.isdecimal():
        raise InvalidOption(f"top={top} must be a whole number")
    only = {axis: split_list(text) for axis, text in options.items()}
    return View(int(top), sort, only), task_file
