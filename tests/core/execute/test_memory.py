"""Freed memory is kept: the pages of a second evaluation are those of the first."""

import platform
import subprocess
import sys

from bridgebench.execute.memory import keep_freed_memory

FAULTS = """
import ctypes, resource, sys
from bridgebench.execute.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
SIZE = 31 * 2**20
def work():
    blocks = [libc.malloc(SIZE) for _ in range(3)]
    for block in blocks:
        libc.memset(block, 1, SIZE)
    for block in blocks:
        libc.free(block)
for _ in range(4):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
"""Blocks as large as activations, and few enough that nothing else decides where they come to lie:
glibc left alone gives the top of the heap back whenever all three are free."""


def faults(how: str) -> int:
    command = [sys.executable, "-c", FAULTS, how]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def test_pages_are_touched_again_without_a_fault_where_the_library_can_be_asked() -> None:
    if platform.libc_ver()[0] == "glibc":
        assert faults("keep") < faults("leave") / 10
    else:
        assert not keep_freed_memory()
