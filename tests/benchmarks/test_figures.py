"""Every figure of `speed.py`, in its shortest form, so that none can rot."""

import pandas as pd
import pytest
import speed
from click.testing import CliRunner
from figures.diffusers_loop import decode_speed, step_speed
from figures.frechet import fid_speed
from figures.networks import network_speed
from figures.ratio import Ratio, Reach, in_turns
from figures.scaling import worker_scaling
from figures.whole_run import overhead, study_loop

from bridgebench.plugins.registry import load_registry

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


@pytest.mark.parametrize(
    ("reach", "value", "margin"),
    [(Reach.at_least(2), 3.0, 1.5), (Reach.at_most(20), 40.0, 0.5), (Reach.at_most(20), 10.0, 2.0)],
)
def test_a_margin_is_above_one_on_the_good_side(reach, value, margin):
    ratio = Ratio("a / b", reach, value, 1.0)
    assert ratio.margin == margin


def test_two_ways_take_turns_after_a_warm_up():
    calls = []
    ratio = in_turns(
        "a / b", Reach.at_least(1), lambda: calls.append("a"), lambda: calls.append("b"), 3
    )
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
        lambda registry: worker_scaling(WORDS, 1),
    ],
    ids=["network", "decode", "step", "fid", "overhead", "study-loop", "ray"],
)
def test_a_figure(benchmark, registry, figure):
    ratio = benchmark.pedantic(figure, args=(registry,), rounds=1)
    assert ratio.first_seconds > 0
    assert ratio.second_seconds > 0


def test_the_command_writes_the_table(tmp_path):
    out = tmp_path / "speed.csv"
    slow = ("fid", "second-run", "run", "study-loop", "ray")
    skipped = [part for name in slow for part in ("--skip", name)]
    result = CliRunner().invoke(speed.main, ["--short", "--out", str(out), *skipped])
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out)
    assert list(table) == [
        "figure",
        "ratio",
        "reach",
        "reached",
        "first_seconds",
        "second_seconds",
        "machine",
        "torch",
        "bridgebench",
    ]
    assert len(table) == 3
    assert all(name in result.stderr for name in table["figure"])
    bounds = table["reach"].str.removeprefix(">= ").astype(float)
    assert (table["reached"] == (table["ratio"] >= bounds)).all()


@pytest.mark.parametrize("package", ["diffusers", "ray"])
def test_what_is_not_installed_is_said_before_anything_is_measured(tmp_path, monkeypatch, package):
    known = speed.find_spec
    monkeypatch.setattr(speed, "find_spec", lambda name: None if name == package else known(name))
    result = CliRunner().invoke(speed.main, ["--short", "--out", str(tmp_path / "speed.csv")])
    assert f"pip install {package} or --skip it" in str(result.exception)
    assert list(tmp_path.iterdir()) == []
