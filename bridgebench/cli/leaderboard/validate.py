"""`bridgebench leaderboard validate`."""

from __future__ import annotations

import click

from bridgebench.cli.leaderboard.words import split_words
from bridgebench.cli.say import say
from bridgebench.errors import BridgebenchError


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="FILE... [task=PATH]")
def validate(words: tuple[str, ...]) -> None:
    """Check boards: one line for each, exit status 2 if one is not what it says.

    Form, types, ranges, intervals, fingerprints, ranks, Pareto marks and the hash of each row are
    checked, and the verifications beside the file; tie groups in their form alone, as the
    statistics of the images are not in the file. `task=PATH` gives the task file of a task that is
    not installed.
    """
    split = split_words(words).only("validate", ["task"])
    from bridgebench.leaderboard.audit.validate import checked_board
    from bridgebench.leaderboard.audit.verifications import read_verifications
    from bridgebench.plugins.registry import load_registry

    registry = load_registry()
    wrong = False
    for path in split.paths:
        try:
            board = checked_board(path, registry, split.path("task"))
            read_verifications(path)
        except BridgebenchError as error:
            wrong = True
            say(f"Error: {error}", err=True)
        else:
            say(f"{path}: ok, {len(board.rows)} rows of task {board.task.name}")
    if wrong:
        raise SystemExit(2)
