"""Where the seconds of a run went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """Seconds by what they were spent on, and how many cells were computed and kept."""

    network: float = 0.0
    scoring: float = 0.0
    pictures: float = 0.0
    records: float = 0.0
    computed_cells: int = 0
    reused_cells: int = 0

    def add(self, spent: Clock, workers: int) -> None:
        """Add what one of several workers spent, as its part of their mean."""
        self.network += spent.network / workers
        self.scoring += spent.scoring / workers
        self.pictures += spent.pictures / workers
