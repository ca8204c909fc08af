"""What a branch changes in the folder of published boards, checked before it is merged.

All content is read from git, so that links, devices and odd file names in the working tree have no
effect. A submission adds boards and verifications under their expected names, and nothing else:
published boards stay as they are, and the page is made by the person who merges.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridgebench.errors import BridgebenchError, IntegrityError
from bridgebench.files.printable import printable
from bridgebench.leaderboard.audit.validate import checked_board
from bridgebench.leaderboard.audit.verifications import (
    FILE_NAME,
    MAX_BYTES,
    Verification,
    read_verifications,
)
from bridgebench.leaderboard.csv.columns import ROW_HASH
from bridgebench.leaderboard.csv.raw import MAX_FILE_BYTES, read_raw
from bridgebench.leaderboard.publish.git_tree import Change, GitTree
from bridgebench.leaderboard.publish.names import FOLDER, INDEX, place_of
from bridgebench.plugins.registry import Registry


@dataclass(frozen=True)
class Finding:
    """The result for a changed file; `fault` is "" for one that is as it should be."""

    path: str
    fault: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{printable(self.path)}: {self.fault or 'ok'}"


def check_submission(repository: Path, base: str, registry: Registry) -> list[Finding]:
    """A finding for each file below `leaderboard/` that HEAD changes since it left `base`.

    UsageError where there is no such commit.
    """
    tree = GitTree.around(repository)
    since = tree.merge_base(base)
    changes = tree.changes(since, FOLDER)
    names = [Finding(change.path, _misplaced(change)) for change in changes]
    faults = [finding for finding in names if finding.fault]
    if faults:
        return faults
    with tempfile.TemporaryDirectory(prefix="bridgebench-submission-") as place:
        copied = _Copy(tree, since, Path(place).resolve())
        return list(copied.findings(changes, registry))


def _misplaced(change: Change) -> str:
    """Why a file must not be changed, by its name and kind alone, or ""."""
    place = place_of(change.path)
    if change.path == f"{FOLDER}/{INDEX}":
        return "the page is made by the person who merges; leave it as it was"
    if place is None:
        return "is no place for a file; a board is leaderboard/TASK/NAME.csv, in lower case"
    if not change.is_file:
        return "is no regular file; send the file itself"
    if place.board and not change.is_new:
        return "published boards are not changed or removed; add a new file"
    return ""


@dataclass(frozen=True)
class _Copy:
    """Files of HEAD, copied out of git as far as they are looked at."""

    tree: GitTree
    since: str
    folder: Path

    def findings(self, changes: Sequence[Change], registry: Registry) -> Iterator[Finding]:
        """The results for changes that are in their place."""
        tasks = sorted({place.task for change in changes if (place := place_of(change.path))})
        added = {change.path for change in changes}
        for task in tasks:
            published: dict[str, str] = {}
            boards: list[str] = []
            for path in self.tree.files("HEAD", f"{FOLDER}/{task}"):
                place = place_of(path)
                if place is None:
                    continue
                self._copy("HEAD", path, MAX_FILE_BYTES if place.board else MAX_BYTES)
                if place.board:
                    boards.append(path)
            for path in sorted(boards, key=lambda path: path in added):
                yield from self._board(path, path in added, published, registry)
            verified = f"{FOLDER}/{task}/{FILE_NAME}"
            if verified in added:
                yield self._said(verified, self._verified, verified)

    def _board(
        self, path: str, added: bool, published: dict[str, str], registry: Registry
    ) -> Iterator[Finding]:
        """A finding for an added board; the rows of every board are kept in `published`."""
        local = self.folder / path
        if added:
            yield self._said(path, self._added, path, published, registry)
        try:
            raw = read_raw(local)
        except BridgebenchError:
            return  # an added one was found wrong above, a published one is no fault of this branch
        if ROW_HASH in raw.header:
            at = raw.header.index(ROW_HASH)
            published.update({row[at]: path for row in raw.rows})

    def _said(self, path: str, check: Callable[..., None], *of: object) -> Finding:
        try:
            check(*of)
        except BridgebenchError as error:
            said = str(error).replace(f"{self.folder}/", "")
            return Finding(path, said.removeprefix(path).lstrip(", "))
        return Finding(path)

    def _added(self, path: str, published: dict[str, str], registry: Registry) -> None:
        local = self.folder / path
        board = checked_board(local, registry)
        place = place_of(path)
        if place is None or board.task.name != place.task:
            raise IntegrityError(f"is a board of task {board.task.name}; put it into its folder")
        if local.read_bytes() != board.csv.encode():
            raise IntegrityError("is not as `leaderboard publish` writes it; publish it again")
        rows = [row.cells[ROW_HASH] for row in board.rows]
        if not rows or all(row in published for row in rows):
            known = sorted({published[row] for row in rows})
            raise IntegrityError(f"has no row that is not published in {', '.join(known)}")

    def _verified(self, path: str) -> None:
        """Verdicts may be added; a verdict that is removed could hide a dispute."""
        now = read_verifications(self.folder / path)
        before: tuple[Verification, ...] = ()
        if path in self.tree.files(self.since, path):
            self._copy(self.since, path, MAX_BYTES)
            before = read_verifications(self.folder / path)
        gone = [each for each in before if each not in now]
        if gone:
            raise IntegrityError(
                f"lacks {len(gone)} verdicts that are published, the first by {gone[0].by} on row "
                f"{gone[0].row_sha256[:12]}; add to the file"
            )

    def _copy(self, commit: str, path: str, most: int) -> None:
        content = self.tree.content(commit, path, most)
        local = self.folder / path
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_bytes(content)
