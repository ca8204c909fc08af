"""The machine in words, for a figure that holds on it alone."""

from __future__ import annotations

import platform
from pathlib import Path

from bridgebench.execute.cores import usable_cores


def machine_in_words() -> str:
    """Processor and cores that this process may use."""
    return f"{usable_cores()} cores of {_processor()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(named), platform.processor() or platform.machine())
