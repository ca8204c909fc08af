"""`bridgebench leaderboard verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridgebench.cli.leaderboard.words import split_words
from bridgebench.cli.say import say
from bridgebench.errors import InvalidOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridgebench.leaderboard.audit.verify import Answer


@click.command(
    epilog="""\b
Examples:
  bridgebench leaderboard verify board.csv --rows 1,4-6
  bridgebench leaderboard verify board.csv --sample 3 by=ada
  bridgebench leaderboard verify board.csv --limit 600
"""
)
@click.argument("words", nargs=-1, required=True, metavar="FILE [WORD=VALUE...]")
@click.option("--rows", default="", help="Numbers of rows, from 1: 3 or 1,4-6. Default: all.")
@click.option("--sample", type=int, help="So many rows, drawn at random.")
@click.option("--limit", type=float, help="Seconds that a row may take. Default: no limit.")
def verify(words: tuple[str, ...], rows: str, sample: int | None, limit: float | None) -> None:
    """Compute rows again from what the CSV says of them: reproduced, rescored, differs, or cannot.

    \b
    WORDS:
      by=NAME       your name: the verdicts are kept in verifications.json beside the file
      device=NAME   auto, cpu, cuda or cuda:N (auto)
      task=PATH     the task file, for a task that is not installed
      weights_path=DIR,DIR   where to look for files that a row names by their hash

    A number, or an end of its interval, is the same within 1e-3 of the number or a quarter of the
    interval's half-width, whichever is larger, all as recomputed. Evaluations must be equal,
    seconds within a factor of 10 on the same type of device. Tie groups are compared where all
    ranked rows of a seed are computed and have the same number. Outputs that were made elsewhere
    are scored again, no more: such a row is rescored. Sources that are not those of the row are
    listed, and the row is computed with what is installed.

    With --limit each row is computed in a process of its own, and one that takes longer, or dies,
    could not be computed. Exit status: 0 no number differs, 1 one does, 2 a row could not be
    computed, or the command is wrong.
    """
    split = split_words(words).only("verify", ["by", "device", "task", "weights_path"])
    if rows and sample is not None:
        raise InvalidOption("--rows and --sample exclude each other; give one")
    if limit is not None and not 0 < limit < float("inf"):
        raise InvalidOption(f"--limit {limit:g} must be a number of seconds above 0")
    folders = _folders(split.options.get("weights_path", ""))
    by = split.options.get("by", "")
    from bridgebench.cli.bar import progress_on
    from bridgebench.cli.console import errors
    from bridgebench.leaderboard.audit.validate import checked_board
    from bridgebench.leaderboard.audit.verify import Verifier, chosen_rows
    from bridgebench.plugins.registry import load_registry

    if by:
        _check_name(by)
    registry = load_registry()
    board = checked_board(split.one_path, registry, split.path("task"))
    numbers = chosen_rows(board, rows, sample)
    device = split.options.get("device", "auto")
    with progress_on(errors()) as progress:
        task = split.path("task")
        verifier = Verifier(board, registry, progress, device, task, folders, limit)
        report = verifier.verify(numbers)
    for answer in report.answers:
        for line in answer.lines():
            say(line)
    for note in report.notes:
        say(f"not verified: {note}")
    if by:
        _keep(split.one_path, report.answers, by, device)
    raise SystemExit(report.exit_status)


def _folders(text: str) -> tuple[Path, ...]:
    folders = tuple(Path(word) for word in text.split(",") if word)
    for folder in folders:
        if not folder.is_dir():
            raise InvalidOption(f"weights_path={folder} is not a folder")
    return folders


def _check_name(by: str) -> None:
    from bridgebench.leaderboard.csv.text_cells import objection

    fault = objection(by) or ("is too long" if len(by) > 100 else "")
    if fault:
        raise InvalidOption(f"by={by[:40]}: {fault}; give a name")


def _keep(path: Path, answers: Sequence[Answer], by: str, device: str) -> None:
    from bridgebench.leaderboard.audit.verifications import beside, write_verifications
    from bridgebench.leaderboard.audit.verify import verifications_of

    found = verifications_of(answers, by, device)
    write_verifications(path, [one.row_sha256 for one in found], found)
    say(f"{len(found)} verdicts by {by} in {beside(path)}")
