"""How a run tells where it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told what a run is doing; a bar, or nothing."""

    def start(self, evaluations: int, cells: int) -> None:
        """A run of so many expected network evaluations and cells begins."""

    def doing(self, text: str) -> None:
        """What is being done."""

    def evaluated(self, count: int) -> None:
        """So many more images went through a network."""

    def finished_cell(self, identity: str) -> None:
        """A cell has ended and its record is written."""


class Silent:
    """Tells nobody."""

    def start(self, evaluations: int, cells: int) -> None:
        """Nothing."""

    def doing(self, text: str) -> None:
        """Nothing."""

    def evaluated(self, count: int) -> None:
        """Nothing."""

    def finished_cell(self, identity: str) -> None:
        """Nothing."""
