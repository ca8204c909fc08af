"""Which of the executors runs a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bridgebench.execute.folder import RunFolder
from bridgebench.execute.progress import Progress
from bridgebench.execute.store import Store, user_store
from bridgebench.execute.workers.child import GuardedRun
from bridgebench.execute.workers.runner import Clock, LocalRun
from bridgebench.plan.choices import Choices
from bridgebench.plan.model import Plan

Execute = Callable[[RunFolder, Clock], None]
"""Runs every cell of a plan that has no valid record in a folder."""


@contextmanager
def executor_of(plan: Plan, choices: Choices, out: Path, progress: Progress) -> Iterator[Execute]:
    """What is to run a plan into `out`; UsageError, before anything is written, if it cannot."""
    store = user_store()  # here also where other processes open their own: they come too late
    if choices.executor == "ray":
        with _ray(plan, choices, out, progress, store) as execute:
            yield execute
    elif plan.limit is not None:
        limit = plan.limit
        yield lambda folder, clock: GuardedRun(plan, choices, folder, progress, limit, clock).run()
    else:
        yield _local(plan, choices, progress, store)


def _local(plan: Plan, choices: Choices, progress: Progress, store: Store) -> Execute:
    save_images = choices.save == "images"
    return lambda folder, clock: LocalRun(
        plan, folder, progress, save_images, clock=clock, store=store
    ).run()


@contextmanager
def _ray(
    plan: Plan, choices: Choices, out: Path, progress: Progress, store: Store
) -> Iterator[Execute]:
    from bridgebench.execute.workers.cluster.connect import connected, import_ray
    from bridgebench.execute.workers.scheduler import ClusterRun, missing_cells, needs_of

    import_ray()
    if not choices.overwrite and not missing_cells(plan, RunFolder(out)):
        yield _local(plan, choices, progress, store)
        return
    progress.doing(f"connecting to Ray at {choices.address}" if choices.address else "starting Ray")
    with connected(choices.address or "", needs_of(plan, choices)) as workers:
        yield lambda folder, clock: ClusterRun(
            plan, choices, folder, progress, workers, clock
        ).run()
