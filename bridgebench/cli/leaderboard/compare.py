"""`bridgebench leaderboard compare`."""

from __future__ import annotations

import click

from bridgebench.cli.leaderboard.words import split_words
from bridgebench.cli.say import say
from bridgebench.errors import OutputError


@click.command(
    epilog="""\b
Examples:
  bridgebench leaderboard compare runs/mine/leaderboard.csv --to transform=identity
  bridgebench leaderboard compare FILE --to transform=identity solver=euler metric=fid,color_deg
  bridgebench leaderboard compare FILE --to method=cyclegan out=against-cyclegan.csv
  bridgebench leaderboard compare FILE --to method=ddib,solver=dpm,transform=identity
"""
)
@click.argument("words", nargs=-1, required=True, metavar="FILE [WORD=VALUE...]")
@click.option(
    "--to",
    required=True,
    metavar="AXIS=VALUE[,AXIS=VALUE...]",
    help="The row to compare with, by its method, source_score, target_score, solver, nfe, "
    "transform and seed.",
)
def compare(words: tuple[str, ...], to: str) -> None:
    """Test the rows of a board against a named row, image by image.

    \b
    WORDS:
      metric=NAME,...   metric columns (the task's primary ones)
      method= source_score= target_score= solver= nfe= transform= seed=
                        which rows are compared
      out=FILE          a CSV with a line a comparison
      task=PATH         the task file, for a task that is not installed

    A row is compared with the row that has the values named by --to and agrees with it on every
    other axis. Where --to names a method and fits one row a seed, that row is compared with all
    others. Both rows are of one seed and fingerprint.

    The tests are McNemar's exact test for shares and Student's paired test for other numbers, with
    Holm's correction for all comparisons in a metric. They need the per-image statistics that a run
    keeps beside its leaderboard.csv.
    """
    from bridgebench.cli.console import output
    from bridgebench.leaderboard.csv.files import write_text
    from bridgebench.leaderboard.render.paired_rows import print_paired_rows, to_csv
    from bridgebench.leaderboard.render.show import FILTERS
    from bridgebench.leaderboard.table.board import board_in
    from bridgebench.leaderboard.table.paired_rows import compare_rows
    from bridgebench.leaderboard.table.reference_rows import parse_reference
    from bridgebench.plugins.registry import load_registry
    from bridgebench.plugins.specs import split_list

    split = split_words(words).only("compare", [*FILTERS, "metric", "out", "task"])
    reference, out = parse_reference(to), split.path("out")
    if out is not None and out.exists():
        raise OutputError(f"out={out} is there already; give another name")
    board = board_in(split.one_path, load_registry(), split.path("task"))
    metrics = split_list(split.options["metric"]) if "metric" in split.options else ()
    only = {axis: split_list(split.options[axis]) for axis in FILTERS if axis in split.options}
    found = compare_rows(split.one_path, board, reference, metrics, only)
    if out is not None:
        write_text(to_csv(found), out)
    print_paired_rows(found, output())
    if out is not None:
        say(f"comparisons: {out}")
