"""Where a cell hangs."""

from __future__ import annotations

import faulthandler
from pathlib import Path


class HangFile:
    """A file in which this process writes down where its threads are when a time is over.

    Python does so even where a library never gives control back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", encoding="utf-8")

    def watch(self, seconds: float) -> None:
        """Write in so many seconds, unless another call comes first."""
        self._file.truncate(0)
        faulthandler.dump_traceback_later(seconds, file=self._file)

    def rest(self) -> None:
        """Write nothing."""
        faulthandler.cancel_dump_traceback_later()

    def read(self) -> str:
        """What was written."""
        return self._path.read_text(encoding="utf-8")
