"""The memory of a process: kept when it is freed, and limited where cells have one of their own."""

from __future__ import annotations

import ctypes
import platform
import resource
from pathlib import Path

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3), as malloc.h numbers them."""

LARGEST_REUSED = 32 * 2**20
"""The most that glibc lets M_MMAP_THRESHOLD be on 64 bits."""

KEPT = 2**30


def keep_freed_memory() -> bool:
    """Ask the C library to keep up to 1 GiB of freed memory instead of handing it back.

    The activations of an evaluation are freed and taken again many times a second, and a page that
    went back to the system costs a fault on its next touch, which in a virtual machine takes
    longer than the arithmetic on it. For the whole process, until its end.

    Returns:
        Whether the C library is one that can be asked: glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_REUSED) and mallopt(M_TRIM_THRESHOLD, KEPT))


RESERVE = 0.05
"""The share of the free memory that is left to others."""

UNLIMITED = 2**63


def available_memory() -> int:
    """Bytes that this process may still take: of the machine, and of its control group."""
    free = [_free_of_machine(), _free_of_group()]
    return int((1 - RESERVE) * min(free))


def used_memory() -> int:
    """Bytes that this process has asked for and can write, 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()


def limit_memory(more: int) -> int:
    """Let this process take so many bytes more; what asks for others then gets a MemoryError.

    Returns:
        The limit, which counts all that the process may write.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    known = [each for each in (soft, hard) if each != resource.RLIM_INFINITY]
    limit = min([used_memory() + more, *known])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    return limit


def _free_of_machine() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return UNLIMITED
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else UNLIMITED


def _free_of_group() -> int:
    group = Path("/sys/fs/cgroup")
    try:
        most = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
        statistics = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return UNLIMITED
    # Pages of files that nobody uses are counted as used and given away first.
    spare = [int(line.split()[1]) for line in statistics if line.startswith("inactive_file ")]
    return UNLIMITED if most == "max" else max(0, int(most) - used + sum(spare))
