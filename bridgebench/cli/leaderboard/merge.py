"""`bridgebench leaderboard merge`."""

from __future__ import annotations

import click

from bridgebench.cli.leaderboard.words import split_words
from bridgebench.cli.say import say
from bridgebench.errors import InvalidOption


@click.command(
    epilog="""\b
Example:
  bridgebench leaderboard merge mine.csv yours.csv out=ours.csv
"""
)
@click.argument("words", nargs=-1, required=True, metavar="FILE... out=FILE [task=PATH]")
def merge(words: tuple[str, ...]) -> None:
    """Merge boards whose numbers mean the same into a new file.

    A cell that is in two files is kept once if its rows are equal but for seconds and memory, and
    an error that names both otherwise. Ranks and Pareto marks are computed again. Tie groups need
    the statistic of each image, which is in no CSV: a seed whose competing rows come from several
    files has none.
    """
    split = split_words(words).only("merge", ["out", "task"])
    out = split.path("out")
    if out is None:
        raise InvalidOption("out=FILE must be given: where the merged board goes")
    from bridgebench.leaderboard.audit.merge_files import merge_files
    from bridgebench.plugins.registry import load_registry

    merged = merge_files(split.paths, out, load_registry(), split.path("task"))
    say(f"{out}: {len(merged.rows)} rows of task {merged.task.name}")
    for warning in merged.warnings:
        say(f"Warning: {warning}.", err=True)
