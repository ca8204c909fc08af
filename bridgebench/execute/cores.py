"""The cores that this process may use."""

from __future__ import annotations

import os
import platform


def usable_cores() -> int:
    """How many, which a container or taskset may have made fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if platform.system() == "Linux" else os.cpu_count() or 1
