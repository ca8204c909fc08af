"""Freed memory is kept: the pages of a second evaluation are those of the first."""

import platform
import subprocess
import sys

from bridgebench.execute.memory import keep_freed_memory

FAULTS = """
import resource, sys, torch
from bridgebench.execute.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def work():
    parts = [torch.ones(2**20) for _ in range(8)]
    return sum(parts).sum()
work(), work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    command = [sys.executable, "-c", FAULTS, how]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def test_pages_are_touched_again_without_a_fault_where_the_library_can_be_asked() -> None:
    if platform.libc_ver()[0] == "glibc":
        assert faults("keep") < faults("leave") / 10
    else:
        assert not keep_freed_memory()
