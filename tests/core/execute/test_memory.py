"""Freed memory is kept: what a first evaluation has taken from the system, a second one finds."""

import os
import platform
import subprocess
import sys

from bridgebench.execute.memory import keep_freed_memory

HEAP = """
import ctypes, sys
from bridgebench.execute.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.sbrk.argtypes = [ctypes.c_ssize_t]
before = libc.sbrk(0)
for _ in range(4):
    blocks = [libc.malloc(31 * 2**20) for _ in range(3)]
    for block in blocks:
        libc.free(block)
print((libc.sbrk(0) - before) / 2**20)
"""
"""Blocks as large as activations, and few enough that nothing else decides where they come to lie:
glibc left alone gives the top of the heap back whenever all three are free. How far the heap
reaches is asked of the library; systems count page faults each in their own way."""

OF_THE_LIBRARY = ("GLIBC_TUNABLES", "LD_PRELOAD", "MALLOC_")
"""Variables by which somebody else sets what is kept."""


def heap_mb(how: str) -> float:
    """By how much the heap has grown once all blocks are free again."""
    command = [sys.executable, "-c", HEAP, how]
    own = {k: v for k, v in os.environ.items() if not k.startswith(OF_THE_LIBRARY)}
    done = subprocess.run(command, env=own, capture_output=True, check=True, text=True)
    return float(done.stdout)


def test_freed_memory_stays_with_the_process_where_the_library_can_be_asked() -> None:
    if platform.libc_ver()[0] == "glibc":
        assert heap_mb("leave") < 31
        assert heap_mb("keep") > 3 * 30
    else:
        assert not keep_freed_memory()
