"""Keeping the memory that a run frees, for its next evaluation."""

from __future__ import annotations

import ctypes
import platform

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
