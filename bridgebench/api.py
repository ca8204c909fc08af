"""Running a task from Python or from the command line: choices in, a board out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bridgebench.execute.clock import Clock
from bridgebench.execute.finished import all_finished
from bridgebench.execute.folder import RunFolder, claim
from bridgebench.execute.progress import Progress, Silent
from bridgebench.execute.records import Record
from bridgebench.leaderboard.csv.files import write_text
from bridgebench.leaderboard.render.convergence import save_loglog
from bridgebench.leaderboard.table.board import Board, board_from
from bridgebench.leaderboard.table.convergence import Curve, convergence_curves
from bridgebench.plan.choices import Choices, choices_of
from bridgebench.plan.make import check_ready, decide
from bridgebench.plan.model import Plan
from bridgebench.plugins.registry import Registry, load_registry

if TYPE_CHECKING:
    import pandas as pd

Words = str | int | Sequence[str] | Sequence[int]


@dataclass(frozen=True)
class Finished:
    """A run that has ended, by itself or by Ctrl-C.

    board        the table of all that the folder holds, with what to be warned of
    curves       how its error falls with NFE, for a task that asks for it
    records      those of the cells that this run was asked for
    interrupted  whether somebody stopped it; what was finished is kept
    """

    plan: Plan
    folder: RunFolder
    board: Board
    curves: tuple[Curve, ...]
    records: tuple[Record, ...]
    seconds: float
    clock: Clock
    interrupted: bool

    @property
    def all_ok(self) -> bool:
        """Whether every cell that was asked for has a row with status ok."""
        return len(self.records) == len(self.plan.cells) and all(
            record.status == "ok" for record in self.records
        )


def run_choices(
    choices: Choices, progress: Progress | None = None, registry: Registry | None = None
) -> Finished:
    """Plan and run what was chosen, and write the leaderboard; nothing for a wrong choice.

    `registry` is that of the installed distributions unless another is given. Raises a
    BridgebenchError, one line, for what cannot be run.
    """
    begun = perf_counter()
    if choices.out:  # before anything of a plugin is run, which may change the current folder
        choices = choices.model_copy(update={"out": choices.out.absolute()})
    plan = decide(registry or load_registry(), choices)
    out = default_out(choices, plan)
    clock = Clock()
    folder, interrupted = _execute(plan, choices, out, progress or Silent(), clock)
    board = board_from(folder.records.all(), folder.records.items, plan.task, plan.columns)
    write_text(board.csv, folder.leaderboard)
    curves = convergence_curves(board.rows, plan.task)
    if curves and plan.task.convergence:
        with folder.writing():
            save_loglog(folder.convergence, curves, plan.task.convergence)
    asked = {cell.identity for cell in plan.cells}
    records = tuple(record for record in board.records if record.identity in asked)
    seconds = perf_counter() - begun
    finished = Finished(plan, folder, board, curves, records, seconds, clock, interrupted)
    with folder.writing():
        folder.write_run(_report(finished))
    return finished


def _execute(
    plan: Plan, choices: Choices, out: Path, progress: Progress, clock: Clock
) -> tuple[RunFolder, bool]:
    """Run the cells that are not finished; the folder, and whether somebody stopped it."""
    if not choices.overwrite and all_finished(plan, RunFolder(out).records):
        folder = claim(out, plan, overwrite=False)
        clock.reused_cells = len(plan.cells)
        progress.start(0, 0)
        return folder, False
    # Here, as it imports torch, which a finished run does without.
    from bridgebench.execute.run import run_plan, workers_of

    check_ready(plan)
    with workers_of(plan, choices, progress) as workers:
        folder = claim(out, plan, choices.overwrite)
        try:
            run_plan(plan, workers, folder, progress, clock)
        except KeyboardInterrupt:
            return folder, True
    return folder, False


def default_out(choices: Choices, plan: Plan) -> Path:
    """The folder of a run's results: `out`, or runs/TASK-PROTOCOL; absolute."""
    return (choices.out or Path("runs") / f"{plan.task.name}-{plan.protocol}").absolute()


def run(
    task: str,
    *,
    protocol: str = "quick",
    method: Words | None = None,
    solver: Words | None = None,
    transform: Words | None = None,
    score: Words | None = None,
    source_score: Words | None = None,
    target_score: Words | None = None,
    nfe: Words | None = None,
    seed: Words | None = None,
    n: int | None = None,
    metric: Words | None = None,
    batch: int | None = None,
    device: str = "auto",
    precision: str = "auto",
    limit: float | None = None,
    executor: str = "local",
    workers: int | None = None,
    threads: int | None = None,
    gpus: float | None = None,
    retries: int | None = None,
    address: str | None = None,
    out: Path | str | None = None,
    overwrite: bool = False,
    save: str = "",
) -> pd.DataFrame:
    """Run a task and return its leaderboard; the arguments are the words of `bridgebench run`.

    The table is the one in `out`/leaderboard.csv: every row that the folder holds, ranked.

        bridgebench.run("cmnist_to7", method=["ddib"], n=64, out="runs/mine")
    """
    words: dict[str, Any] = {
        "task": task,
        "protocol": protocol,
        "method": method,
        "solver": solver,
        "transform": transform,
        "score": score,
        "source_score": source_score,
        "target_score": target_score,
        "nfe": nfe,
        "seed": seed,
        "n": n,
        "metric": metric,
        "batch": batch,
        "device": device,
        "precision": precision,
        "limit": limit,
        "executor": executor,
        "workers": workers,
        "threads": threads,
        "gpus": gpus,
        "retries": retries,
        "address": address,
        "out": out,
        "overwrite": overwrite,
        "save": save,
    }
    finished = run_choices(choices_of({k: v for k, v in words.items() if v is not None}))
    if finished.interrupted:
        raise KeyboardInterrupt
    return finished.board.table


def _report(finished: Finished) -> dict[str, Any]:
    """What run.json says: what the folder belongs to, and where the seconds went."""
    clock = asdict(finished.clock)
    spent = {name: clock[name] for name in ("network", "scoring", "pictures", "records")}
    return {
        "contract": finished.plan.contract,
        "finished": finished.all_ok,
        "interrupted": finished.interrupted,
        "cells": {
            "asked": len(finished.plan.cells),
            "computed": finished.clock.computed_cells,
            "reused": finished.clock.reused_cells,
            "not_ok": sum(record.status != "ok" for record in finished.records),
        },
        "seconds": {
            "total": finished.seconds,
            **spent,
            "other": finished.seconds - sum(spent.values()),
        },
        "network_share": spent["network"] / finished.seconds,
        "orders": {curve.name: curve.order for curve in finished.curves},
        "warnings": list(finished.board.warnings),
    }
