"""`bridgebench leaderboard publish`."""

from __future__ import annotations

from pathlib import Path

import click

from bridgebench.cli.leaderboard.words import split_words
from bridgebench.cli.say import say


@click.command(
    epilog="""\b
Examples:
  bridgebench leaderboard publish runs/mine/leaderboard.csv
  bridgebench leaderboard publish runs/mine/leaderboard.csv name=mine-standard dir=boards
"""
)
@click.argument("words", nargs=-1, required=True, metavar="FILE [WORD=VALUE...]")
def publish(words: tuple[str, ...]) -> None:
    """Check a board and put it among the published ones: DIR/TASK/NAME.csv.

    \b
    WORDS:
      dir=FOLDER   the folder of published boards (leaderboard)
      name=NAME    of the file, without .csv (the protocol and a hash of the content)
      task=PATH    the task file, for a task that is not installed

    A published board is never overwritten by another. DIR/index.html is made again from all boards
    in DIR.
    """
    split = split_words(words).only("publish", ["dir", "name", "task"])
    from bridgebench.leaderboard.publish.publish import publish as publish_board
    from bridgebench.plugins.registry import load_registry

    done = publish_board(
        split.one_path,
        load_registry(),
        split.path("dir") or Path("leaderboard"),
        split.options.get("name", ""),
        split.path("task"),
    )
    for line in done.left_out:
        say(f"Warning: not on the page: {line}", err=True)
    say(f"board: {done.path}{' (was there already)' if done.again else ''}")
    say(f"page:  {done.page}")
