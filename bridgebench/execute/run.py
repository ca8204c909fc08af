"""Running a plan: on which workers, and where their results go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from bridgebench.execute.clock import Clock
from bridgebench.execute.cores import usable_cores
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.progress import Progress
from bridgebench.execute.results import Results
from bridgebench.execute.store import Store, user_store
from bridgebench.execute.workers.child import ChildProcess
from bridgebench.execute.workers.handle import Workers
from bridgebench.execute.workers.remote import order_of
from bridgebench.execute.workers.runner import UnitRunner
from bridgebench.execute.workers.scheduler import Scheduler
from bridgebench.execute.workers.this_process import ThisProcess
from bridgebench.plan.choices import Choices
from bridgebench.plan.model import Plan


@contextmanager
def workers_of(plan: Plan, choices: Choices, progress: Progress) -> Iterator[Workers]:
    """The workers that are to run a plan; UsageError, before anything is written, if it cannot."""
    store = user_store()  # here also where other processes open their own: they come too late
    if choices.executor == "ray":
        from bridgebench.execute.workers.cluster.workers import ray_workers

        with ray_workers(plan, choices, progress) as workers:
            yield workers
    elif plan.limit is not None:
        yield child_process(plan, choices)
    else:
        yield this_process(plan, choices.save == "images", store)


def this_process(plan: Plan, save_images: bool = False, store: Store | None = None) -> ThisProcess:
    """This process as the only worker."""
    cores = usable_cores()
    return ThisProcess(lambda tell: UnitRunner(plan, tell, cores, save_images, store))


def child_process(plan: Plan, choices: Choices) -> ChildProcess:
    """A child process as the only worker, replaced where a cell hangs or kills it."""
    order = order_of(
        plan,
        choices,
        device=plan.device,
        threads=torch.get_num_threads(),
        cores=usable_cores(),
        limits_memory=True,
    )
    return ChildProcess(order)


def run_plan(
    plan: Plan, workers: Workers, folder: RunFolder, progress: Progress, clock: Clock
) -> None:
    """Run every cell of a plan that has no valid record in a folder."""
    Scheduler(plan, workers, Results(plan, folder, progress, clock, workers.count)).run()
