"""Merging checked files, with what was verified of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bridgebench.errors import OutputError
from bridgebench.leaderboard.audit.validate import checked_board
from bridgebench.leaderboard.audit.verifications import read_verifications, write_verifications
from bridgebench.leaderboard.csv.columns import ROW_HASH
from bridgebench.leaderboard.csv.files import write_text
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.merge import merge_boards
from bridgebench.plugins.registry import Registry


def merge_files(
    paths: Sequence[Path], out: Path, registry: Registry, task_file: Path | None = None
) -> Board:
    """Merge checked files into a new one, with the verifications of their rows beside it.

    BridgebenchError, one line, where a file is not what it says, the boards do not fit each other,
    or `out` exists; nothing is written then.
    """
    if out.exists():
        raise OutputError(f"out={out} is there already; give another name")
    merged = merge_boards([(str(path), checked_board(path, registry, task_file)) for path in paths])
    verified = [each for path in paths for each in read_verifications(path)]
    write_text(merged.csv, out)
    write_verifications(out, [row.cells[ROW_HASH] for row in merged.rows], verified)
    return merged
