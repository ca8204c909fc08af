"""What a second worker gives: `python tests/benchmarks/ray_scaling.py [WORDS OF run]`.

One Ray, in which the same cells are run by one and by two workers of one thread in turn. A run is
timed from the first sign of work of any worker to its end: Ray and Python start once for a run,
however long it is. Printed are the seconds of each run and the ratio of the medians.
"""

import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from bridgebench.api import run_choices
from bridgebench.cli.words import parse_words
from bridgebench.execute.cluster.connect import Needs, connected
from bridgebench.execute.progress import Silent

WORDS = ["task=cmnist_to7", "method=ddib", "solver=euler,heun", "n=64"]
ROUNDS = 3


class FirstSign(Silent):
    """Remembers when the first worker began."""

    def __init__(self):
        self.begun = None

    def doing(self, text):
        if self.begun is None and "workers: " in text:
            self.begun = perf_counter()


def seconds(workers, words):
    """A run from the first sign of work to its end."""
    progress = FirstSign()
    with tempfile.TemporaryDirectory() as folder:
        own = ["executor=ray", f"workers={workers}", "threads=1", f"out={Path(folder) / 'out'}"]
        finished = run_choices(parse_words([*words, *own]), progress)
        ended = perf_counter()
    if not finished.all_ok:
        raise SystemExit([record.reason for record in finished.records if record.status != "ok"])
    return ended - progress.begun


def main(words):
    os.environ["BRIDGEBENCH_CACHE_LIMIT"] = "0"  # no encode is kept from one run for the next
    taken = {1: [], 2: []}
    with connected("", Needs(workers=2, threads=1, gpus=0.0, shared=64 * 2**20)):
        for _ in range(ROUNDS):
            for workers, seen in taken.items():
                seen.append(seconds(workers, words))
                sys.stdout.write(f"{workers} workers: {seen[-1]:.1f} s\n")
    sys.stdout.write(f"ratio of the medians: {median(taken[1]) / median(taken[2]):.2f}\n")


if __name__ == "__main__":
    main(sys.argv[1:] or WORDS)
