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
