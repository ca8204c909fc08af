"""Every figure of `bridgebench bench`, in its shortest form, so that none can rot."""

import pandas as pd
import pytest
from click.testing import CliRunner

from bridgebench.bench.diffusers_loop import decode_speed, step_speed
from bridgebench.bench.frechet import fid_speed
from bridgebench.bench.networks import network_speed
from bridgebench.bench.ratio import in_turns
from bridgebench.bench.whole_run import overhead, study_loop
from bridgebench.cli import main
from bridgebench.registry import load_registry

WORDS = {
    "task": "cmnist_to7",
    "method": "ddib_single",
    "solver": "dpm",
    "transform": "identity,normalize",
    "n": "4",
    "nfe": "2",
}


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def test_two_ways_take_turns_after_a_warm_up():
    calls = []
    ratio = in_turns("a / b", ">= 1", lambda: calls.append("a"), lambda: calls.append("b"), 3)
    assert "".join(calls) == "abababab"
    assert ratio.value == ratio.first_seconds / ratio.second_seconds


@pytest.mark.parametrize(
    "figure",
    [
        lambda registry: network_speed(2, 1),
        lambda registry: decode_speed(registry, 2, 2, 1),
        lambda registry: step_speed(registry, 2, 2, 1),
        lambda registry: fid_speed(registry, 64, 1),
        lambda registry: overhead(registry, WORDS),
        lambda registry: study_loop(registry, WORDS),
    ],
    ids=["network", "decode", "step", "fid", "overhead", "study-loop"],
)
def test_a_figure(benchmark, registry, figure):
    ratio = benchmark.pedantic(figure, args=(registry,), rounds=1)
    assert ratio.first_seconds > 0
    assert ratio.second_seconds > 0


def test_the_command_writes_the_table(tmp_path):
    out = tmp_path / "bench.csv"
    skipped = [
        part for name in ("fid", "second-run", "run", "study-loop") for part in ("--skip", name)
    ]
    result = CliRunner().invoke(main, ["bench", "--short", "--out", str(out), *skipped])
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out)
    assert list(table) == ["figure", "ratio", "reach", "first_seconds", "second_seconds"]
    assert len(table) == 3
    assert all(name in result.output for name in table["figure"])
