"""What a worker tells its driver, kept until the driver has read it.

The box is bounded: a worker that is ahead of its driver waits, and memory does not grow.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep

from bridgebench.execute.folder import RunFolder
from bridgebench.execute.workers.messages import Began, Doing, Ended, Evaluated, Finished
from bridgebench.execute.workers.runner import Clock

CAPACITY = 64
LISTEN_SECONDS = 1.0
GATHER_SECONDS = 0.02
EVALUATED_SECONDS = 0.25
MAX_FILES_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Files:
    """Files of a cell, to be written below the folder of the run in this order."""

    contents: tuple[tuple[str, bytes], ...]


Message = Doing | Began | Evaluated | Files | Finished | Ended


class Outbox:
    """The worker's Progress: keeps what happens for the driver, finished cells with their files.

    `folder` is the worker's own; what is told is deleted there.
    """

    def __init__(self, folder: RunFolder, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._box: queue.Queue[Message] = queue.Queue(CAPACITY)
        self._evaluated = 0
        self._told = monotonic()

    def read(self) -> list[Message]:
        """All that is there; waits a while for the first message, and shortly for more."""
        try:
            messages = [self._box.get(timeout=LISTEN_SECONDS)]
        except queue.Empty:
            return []
        sleep(GATHER_SECONDS)
        while len(messages) < CAPACITY:
            try:
                messages.append(self._box.get_nowait())
            except queue.Empty:
                break
        return messages

    def start(self, evaluations: int, cells: int) -> None:
        """Nothing: the driver knows."""

    def doing(self, text: str) -> None:
        """What is in hand."""
        self._box.put(Doing(text))

    def begin(self, identities: tuple[str, ...]) -> None:
        """Work begins that these cells depend on."""
        self._box.put(Began(identities))

    def evaluated(self, count: int) -> None:
        """So many more images went through a network; told four times a second at most."""
        self._evaluated += count
        if monotonic() - self._told > EVALUATED_SECONDS:
            self._tell_evaluated()

    def finished_cell(self, identity: str) -> None:
        """A cell has ended and its record is written: its files go to the driver."""
        self._tell_evaluated()
        for files in take_files(self._folder.path, identity):
            self._box.put(files)
        self._box.put(Finished(identity, replace(self._clock)))

    def ended(self, error: str) -> None:
        """A unit has ended."""
        self._tell_evaluated()
        self._box.put(Ended(error))

    def _tell_evaluated(self) -> None:
        if self._evaluated:
            self._box.put(Evaluated(self._evaluated))
        self._evaluated, self._told = 0, monotonic()


def take_files(folder: Path, identity: str) -> Iterator[Files]:
    """The files of a cell in portions, its record last; each is deleted when it was read."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (path.stem == identity or identity in path.relative_to(folder).parts)
    ]
    paths.sort(key=lambda path: path.suffix == ".json")
    portion: list[tuple[str, bytes]] = []
    size = 0
    for path in paths:
        content = path.read_bytes()
        if portion and size + len(content) > MAX_FILES_BYTES:
            yield Files(tuple(portion))
            portion, size = [], 0
        portion.append((path.relative_to(folder).as_posix(), content))
        size += len(content)
        path.unlink()
    if portion:
        yield Files(tuple(portion))
