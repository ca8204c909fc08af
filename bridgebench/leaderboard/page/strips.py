"""The pictures of a page's rows, found by the identity of their cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bridgebench.errors import IntegrityError
from bridgebench.leaderboard.page.payload import Shown
from bridgebench.leaderboard.validate import rows_of_table
from bridgebench.plan.model import identity_of
from bridgebench.regular_file import read_regular_file

MAX_STRIP_BYTES = 4 * 2**20
PNG = b"\x89PNG\r\n\x1a\n"


def strips_of(shown: Sequence[Shown]) -> Iterator[tuple[str, bytes]]:
    """The picture of each row that has one, once, as (identity, PNG).

    IntegrityError for a file that is no PNG, or too large for one.
    """
    done: set[str] = set()
    for each in shown:
        if each.strips is None:
            continue
        for row in rows_of_table(each.board.table, each.board.metrics):
            identity = identity_of(row.axes)
            path = each.strips / f"{identity}.png"
            if identity not in done and path.is_file():
                done.add(identity)
                yield identity, _png(path)


def _png(path: Path) -> bytes:
    content = read_regular_file(path, MAX_STRIP_BYTES, "remove it, or leave strips= out")
    if not content.startswith(PNG):
        raise IntegrityError(f"{path} is no PNG; remove it, or leave strips= out")
    return content
