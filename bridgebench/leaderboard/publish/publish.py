"""Publishing: a checked board into the folder of published ones, and the page of all of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bridgebench.errors import BridgebenchError, IntegrityError, InvalidOption, OutputError
from bridgebench.files.atomic import write_atomically
from bridgebench.files.printable import printable
from bridgebench.files.regular_files import read_untrusted
from bridgebench.leaderboard.audit.validate import checked_board
from bridgebench.leaderboard.audit.verifications import read_verifications, write_verifications
from bridgebench.leaderboard.csv.columns import ROW_HASH
from bridgebench.leaderboard.csv.files import write_text
from bridgebench.leaderboard.csv.raw import MAX_FILE_BYTES
from bridgebench.leaderboard.page.build import build_page
from bridgebench.leaderboard.page.payload import Shown
from bridgebench.leaderboard.publish.names import BOARD_NAME, FOLDER, INDEX, place_of
from bridgebench.leaderboard.table.board import Board
from bridgebench.plugins.registry import Registry

HASH_LENGTH = 12


@dataclass(frozen=True)
class Published:
    """The result of publishing.

    path      where the board is
    page      the page of all boards in the folder
    again     whether this very board was there already
    left_out  published boards that the page does not show, and why, a line each
    """

    path: Path
    page: Path
    again: bool
    left_out: tuple[str, ...]


def publish(
    path: Path, registry: Registry, folder: Path, name: str = "", task_file: Path | None = None
) -> Published:
    """Check a board, copy it to folder/TASK/NAME.csv, and make the folder's page again.

    Args:
        path: the board.
        registry: the plugins that are installed.
        folder: the folder of published boards; made if need be.
        name: of the file, without .csv; "" for the protocol and a hash of the content.
        task_file: the file of a task that is not installed.

    Raises:
        IntegrityError: the board is not what it says.
        OutputError: another board has the name already, or the folder cannot be written. Nothing
            is written then.
    """
    board = checked_board(path, registry, task_file)
    content = board.csv
    chosen = name or _name_of(board, content)
    if not BOARD_NAME.fullmatch(chosen):
        raise InvalidOption(
            f"name={printable(name)[:80]} must be lower-case letters, digits, - and _, "
            "starting with a letter or digit, at most 80"
        )
    target = folder / board.task.name / f"{chosen}.csv"
    again = _is_there(target, content)
    own = read_verifications(path)
    known = tuple(dict.fromkeys([*read_verifications(target), *own]))
    shown, left_out = _published(folder, registry, target, task_file)
    page = build_page([*shown, Shown(_label(folder, target), board, known)])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not again:
            write_text(content, target)
        write_verifications(target, [row.cells[ROW_HASH] for row in board.rows], own)
        write_atomically(folder / INDEX, page.encode())
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}") from error
    return Published(target, folder / INDEX, again, tuple(left_out))


def _name_of(board: Board, content: str) -> str:
    protocols = sorted({row.cells["protocol"] for row in board.rows})
    if len(protocols) != 1:
        raise IntegrityError(
            f"the board has the protocols {', '.join(protocols)}; publish one at a time, or give "
            "it a name with name="
        )
    return f"{protocols[0]}-{hashlib.sha256(content.encode()).hexdigest()[:HASH_LENGTH]}"


def _is_there(target: Path, content: str) -> bool:
    """Whether this board is there already; OutputError where another one has its place."""
    if not os.path.lexists(target):
        return False
    if read_untrusted(target, MAX_FILE_BYTES) != content.encode():
        raise OutputError(f"{target} is there already with other rows; give another name=")
    return True


def _published(
    folder: Path, registry: Registry, besides: Path, task_file: Path | None
) -> tuple[list[Shown], Sequence[str]]:
    """The boards in the folder, and why some of them cannot be shown here."""
    shown: list[Shown] = []
    left_out: list[str] = []
    for path in sorted(folder.glob("*/*")):
        place = place_of(f"{FOLDER}/{_label(folder, path)}")
        if path == besides or (place and not place.board):
            continue
        if place is None or path.is_symlink() or path.parent.is_symlink():
            left_out.append(f"{printable(str(path))} is no regular file named TASK/NAME.csv")
            continue
        own_task = task_file if path.parent == besides.parent else None
        try:
            board = checked_board(path, registry, own_task)
            found = read_verifications(path)
        except BridgebenchError as error:
            left_out.append(str(error))
        else:
            shown.append(Shown(_label(folder, path), board, found))
    return shown, left_out


def _label(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
