"""Boards made by hand: a small task, its columns, and records added one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
import torchmetrics
from click.testing import CliRunner, Result
from torch import Tensor

from bridgebench.cli import main
from bridgebench.execute.records import Record, RecordStore, Value
from bridgebench.interfaces.metric import Column, Metric, MetricContext
from bridgebench.leaderboard.audit.verifications import Verification
from bridgebench.leaderboard.csv.columns import arrange
from bridgebench.leaderboard.csv.files import metrics_in, parse_rows, write_text
from bridgebench.leaderboard.csv.raw import read_raw
from bridgebench.leaderboard.csv.row import Row, row_hash
from bridgebench.leaderboard.table.board import Board, board_from
from bridgebench.leaderboard.table.build import row_of
from bridgebench.plan.model import identity_of
from bridgebench.plugins import registry as registries
from bridgebench.plugins.registry import Entry, Kind, Registry, Source
from bridgebench.tasks.task_file import TaskFile, parse_task

TASK = """
name: small
summary: A task to make boards of.
dataset: dots
source: {domain: a, unconditional: a, split: test}
target: {domain: b, reference: train, held_out: test}
item: {shape: [3, 8, 8], low: -1.0, high: 1.0}
extractor: eye
metrics: [success, fid, color, accuracy]
primary: [success, fid, color_deg, accuracy]
ranked_by: success
pareto: [fid, color_deg, accuracy]
axes: {method: [ddib, identity]}
protocols:
  quick: {n: 40, nfe: [10], seeds: [0], batch: 8}
expect:
  - {row: identity, column: color_deg, at_most: 0.01}
  - {row: recolor, column: accuracy, at_least: 0.99}
  - {row: random_target, column: color_deg, interval_contains: 90}
  - {row: ddib, column: success, better_than: random_latent}
"""

COLUMNS = (
    Column("success", "", "higher", "both at once", low=0, high=1, interval=True),
    Column("fid", "", "lower", "Fréchet distance", low=0, interval=True),
    Column("fid_floor", "", "", "real against real", low=0),
    Column("color_deg", "deg", "lower", "hue error", low=0, high=180, interval=True),
    Column("accuracy", "", "higher", "target class", low=0, high=1, interval=True),
)


PACKAGE = {"distribution": "bridgebench-dots", "version": "1", "sha256": "0e" * 32}


@dataclass
class Bench:
    """Records with their per-image statistics, in the order in which they are added."""

    task: TaskFile
    columns: tuple[Column, ...] = COLUMNS
    records: list[Record] = field(default_factory=list)
    items: dict[str, dict[str, Tensor]] = field(default_factory=dict)

    def add(
        self,
        method: str = "ddib",
        success: float | Sequence[float] | None = 0.5,
        *,
        fid: float | None = 50.0,
        color_deg: float | None = 20.0,
        accuracy: float | None = 0.9,
        solver: str | None = "dpm",
        transform: str | None = "identity",
        seed: int = 0,
        n: int = 40,
        status: Any = "ok",
        reason: str = "",
        baseline: bool = False,
        fingerprint: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Record:
        """Add a record; `success` is a share, or the statistic of each image."""
        identity = f"{len(self.records):04d}"
        if success is not None and not isinstance(success, float | int):
            self.items[identity] = {"success": torch.tensor(success, dtype=torch.float32)}
            success = float(np.mean(success))
        numbers = {"success": success, "fid": fid, "color_deg": color_deg, "accuracy": accuracy}
        values = {name: near(value) for name, value in numbers.items()}
        values["fid_floor"] = Value(value=9.5)
        record = Record(
            identity=identity,
            key=f"key {identity}",
            status=status,
            reason=reason,
            axes={
                "task": "small",
                "protocol": "quick",
                "method": method,
                "source_score": None,
                "target_score": None if baseline else "labels",
                "solver": None if baseline else solver,
                "nfe": None if baseline else 10,
                "transform": None if baseline else transform,
                "seed": seed,
                "n": n,
            },
            baseline=baseline,
            values=values if status == "ok" else {},
            cost={"nfe_encode": 10, "nfe_decode": 10, "nfe_total": 20, "seconds": 1.25},
            facts={"supervision": "unpaired", "latent_std": 0.3},
            fingerprint={"n": n} if fingerprint is None else fingerprint,
            provenance={
                "options": json.dumps({"method": {"name": method.partition(":")[0]}}),
                "plugins": {"b": PACKAGE, "a": PACKAGE},
                "weights": {"labels/weights.safetensors": "0f" * 32},
                "torch": "2.6",
                "bridgebench": "0.1.0",
                "device": "cpu",
                "precision": "fp32",
                "batch": 8,
            },
            items=tuple(self.items.get(identity, {})),
        ).model_copy(update=changes)
        self.records.append(record)
        return record

    def read(self, record: Record) -> Mapping[str, np.ndarray]:
        """The per-image statistics of a record."""
        return {name: values.numpy() for name, values in self.items[record.identity].items()}

    def rows(self, *wanted: str) -> list[Row]:
        """The row of each record, in the order in which they were added."""
        metrics = arrange(self.task, self.columns)
        return [row_of(record, self.read, wanted, metrics) for record in self.records]

    def board(self) -> Board:
        """The board of the records."""
        return board_from(self.records, self.read, self.task, self.columns)


def edited(board: Board, number: int, **cells: Any) -> Board:
    """The board with other cells in a row, counted from 0; the row hash stays as it was."""
    rows = list(board.rows)
    rows[number] = replace(rows[number], cells={**rows[number].cells, **cells})
    return replace(board, rows=tuple(rows))


def forged(board: Board, number: int, **cells: Any) -> Board:
    """The same under a new row hash, as somebody who means to deceive would write it."""
    made = edited(board, number, **cells)
    return edited(made, number, row_sha256=row_hash(made.rows[number].cells))


def rows_in(path: Path, task: TaskFile, known: Sequence[Column]) -> tuple[Row, ...]:
    """The rows of a file."""
    raw = read_raw(path)
    return parse_rows(raw, task, metrics_in(raw, task, known))


def near(value: float | None) -> Value:
    """A number with an interval around it."""
    if value is None:
        return Value(value=None)
    return Value(value=value, low=value * 0.75, high=value * 1.25)


@pytest.fixture(scope="session")
def task_text() -> str:
    return TASK


@pytest.fixture(scope="session")
def task(task_text: str) -> TaskFile:
    return parse_task(task_text, "TASK")


@pytest.fixture
def bench(task: TaskFile) -> Bench:
    return Bench(task)


@pytest.fixture
def full_bench(bench: Bench) -> Bench:
    """A board with every kind of row: ranked, unranked, baseline, failed, skipped."""
    right = np.zeros(40)
    right[:30] = 1
    bench.add("ddib", right, fid=40.0)
    bench.add("ddib:start=noised", np.roll(right, 1), fid=60.0, accuracy=0.95)
    bench.add("ddib", np.roll(1 - right, 3), solver="heun", transform="scale:c=0.8", fid=90.0)
    bench.add("ddib", None, solver="euler", fid=45.0)
    bench.add("identity", 0.0, baseline=True, color_deg=0.0, accuracy=0.0)
    bench.add("recolor", 1.0, baseline=True, color_deg=1.0, accuracy=1.0)
    bench.add("ddib", status="failed", transform="blur_latent", reason="boom\nat /home/ada/x.py")
    bench.add("ddib", status="skipped", transform="rotate_latent", reason="impossible here")
    return bench


SOURCE = Source("dots", "dots.hooks", "bridgebench-dots", "1.0")


class DotMetric(Metric):
    """A metric that declares columns; boards from files never measure."""

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        raise AssertionError("reading a board measures nothing")


def metric_class(metric: str, own: tuple[Column, ...]) -> type[Metric]:
    class Declared(DotMetric):
        name: ClassVar[str] = metric

        def columns(self) -> tuple[Column, ...]:
            return own

    return Declared


@pytest.fixture
def dots_registry() -> Registry:
    """A registry that has the metrics of the boards made here."""
    success, fid, floor, color, accuracy = COLUMNS
    metrics = {
        "success": (success,),
        "fid": (fid, floor),
        "color": (color,),
        "accuracy": (accuracy,),
        "cycle": (Column("cycle_rmse", "", "lower", "there and back", low=0),),
    }
    entries: dict[Kind, dict[str, Entry]] = {kind: {} for kind in Kind}
    entries[Kind.METRIC] = {
        name: Entry(Kind.METRIC, name, metric_class(name, own), SOURCE)
        for name, own in metrics.items()
    }
    return Registry(entries, (SOURCE,))


@pytest.fixture
def place(full_bench, dots_registry, task_text: str, tmp_path: Path, monkeypatch) -> Path:
    """A folder with a board and its task file, and a registry that has its metrics."""
    monkeypatch.setattr(registries, "load_registry", lambda: dots_registry)
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(task_text, encoding="utf-8")
    write_text(full_bench.board().csv, Path("board.csv"))
    return tmp_path


@pytest.fixture
def run_folder(place: Path) -> Callable[[Bench], Path]:
    """Writes what a run leaves, and gives the path of its board."""

    def written(bench: Bench) -> Path:
        store = RecordStore(place / "run" / "records")
        for record in bench.records:
            own = record.model_copy(update={"identity": identity_of(record.axes)})
            store.write(own, bench.items.get(record.identity, {}))
        write_text(bench.board().csv, place / "run" / "leaderboard.csv")
        return Path("run/leaderboard.csv")

    return written


@pytest.fixture
def call() -> Callable[..., Result]:
    """Calls a command of `bridgebench leaderboard`."""
    return lambda *words: CliRunner().invoke(main, ["leaderboard", *words])


@pytest.fixture
def refusal(call: Callable[..., Result]) -> Callable[..., str]:
    """Calls a command that must be refused, and gives its one line."""

    def line(*words: str) -> str:
        result = call(*words)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        lines = result.stderr.strip().splitlines()
        assert len(lines) == 1, result.stderr
        return lines[0]

    return line


@pytest.fixture
def verification() -> Callable[..., Verification]:
    """Makes what somebody says of a row, by the row's hash."""

    def made(row_sha256: str, **changes: Any) -> Verification:
        said = {
            "verdict": "reproduced",
            "by": "ada",
            "date": "2026-01-31",
            "bridgebench": "0.1.0",
            "torch": "2.6",
            "device": "cpu",
            "sources": "same",
        }
        return Verification.model_validate({"row_sha256": row_sha256, **said, **changes})

    return made
