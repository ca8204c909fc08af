"""What a second worker gives: the same cells by one and by two workers of one thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from bridgebench.api import run_choices
from bridgebench.errors import PluginError
from bridgebench.execute.progress import Silent
from bridgebench.execute.workers.cluster.connect import Needs, connected
from bridgebench.plan.choices import choices_of
from figures.ratio import Ratio, Reach

_SHARED_BYTES = 64 * 2**20


class FirstSign(Silent):
    """Remembers when the first worker began."""

    def __init__(self) -> None:
        self.begun = 0.0

    def doing(self, text: str) -> None:
        """Take in what the workers say of themselves."""
        if not self.begun and "workers: " in text:
            self.begun = perf_counter()


def worker_scaling(words: Mapping[str, str], rounds: int) -> Ratio:
    """One worker over two, each run timed from the first sign of work to its end.

    One Ray serves all of the runs: it and Python start once for a run, however long that is. The
    cache must be off, or the later runs have less to do.

    Raises:
        UsageError: Ray is not installed.
        PluginError: a cell failed.
    """
    spent: dict[int, list[float]] = {1: [], 2: []}
    with connected("", Needs(workers=2, threads=1, gpus=0.0, shared=_SHARED_BYTES)):
        for _ in range(rounds):
            for workers, seconds in spent.items():
                seconds.append(_seconds(words, workers))
    name, reach = "Ray: one worker of one thread / two", Reach.at_least(1.7)
    return Ratio(name, reach, median(spent[1]), median(spent[2]))


def _seconds(words: Mapping[str, str], workers: int) -> float:
    progress = FirstSign()
    own = {"executor": "ray", "workers": str(workers), "threads": "1"}
    with TemporaryDirectory() as scratch:
        choices = choices_of({**words, **own, "out": str(Path(scratch) / "out")})
        finished = run_choices(choices, progress)
        ended = perf_counter()
    for record in finished.records:
        if record.status != "ok":
            raise PluginError(f"a cell of the measurement failed: {record.reason}")
    return ended - progress.begun
