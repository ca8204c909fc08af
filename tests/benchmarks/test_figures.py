"""Every figure of `bridgebench bench`, in its shortest form, so that none can rot."""

import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from bridgebench.bench.diffusers_loop import decode_speed, step_speed
from bridgebench.bench.frechet import fid_speed
from bridgebench.bench.networks import network_speed
from bridgebench.bench.plot import WIDTH, save_ratios
from bridgebench.bench.ratio import Ratio, Reach, in_turns
from bridgebench.bench.scaling import worker_scaling
from bridgebench.bench.whole_run import overhead, study_loop
from bridgebench.cli import bench, main
from bridgebench.cli.bench import FIGURES
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


def test_bars_lie_on_their_side_of_the_line(tmp_path):
    good, bad = Ratio("good", Reach.at_least(1), 2.0, 1.0), Ratio("bad", Reach.at_most(1), 2.0, 1.0)
    save_ratios(tmp_path / "plot.png", [good, bad], "1 core")
    with Image.open(tmp_path / "plot.png") as plot:
        pixels = plot.convert("RGB")
        bars = {
            color: [x for x in range(WIDTH) if pixels.getpixel((x, y)) == color]
            for y, color in ((80, (0x00, 0x72, 0xB2)), (120, (0xD5, 0x5E, 0x00)))
        }
    (good_bar, bad_bar) = bars.values()
    assert len(good_bar) > 100
    assert len(bad_bar) > 100
    assert abs(max(bad_bar) - min(good_bar)) <= 1


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
    out = tmp_path / "bench.csv"
    slow = ("fid", "second-run", "run", "study-loop", "ray")
    skipped = [part for name in slow for part in ("--skip", name)]
    result = CliRunner().invoke(main, ["bench", "--short", "--out", str(out), *skipped])
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
    assert all(name in result.output for name in table["figure"])
    bounds = table["reach"].str.removeprefix(">= ").astype(float)
    assert (table["reached"] == (table["ratio"] >= bounds)).all()
    with Image.open(tmp_path / "bench.png") as plot:
        assert plot.width == WIDTH


@pytest.mark.parametrize("package", ["diffusers", "ray"])
def test_what_is_not_installed_is_said_before_anything_is_measured(tmp_path, monkeypatch, package):
    known = bench.find_spec
    monkeypatch.setattr(bench, "find_spec", lambda name: None if name == package else known(name))
    result = CliRunner().invoke(main, ["bench", "--short", "--out", str(tmp_path / "bench.csv")])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert f"pip install {package}, or leave its figure out with --skip {package}" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["nowhere/bench.csv", "file/bench.csv"])
def test_a_folder_that_is_not_there_is_said_before_anything_is_measured(tmp_path, monkeypatch, out):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(bench, "_ratios", lambda *how: pytest.fail("something is measured"))
    result = CliRunner().invoke(main, ["bench", "--short", "--out", str(tmp_path / out)])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.endswith(f"{(tmp_path / out).parent} is no folder; give --out in one that is there")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_left_to_measure_is_an_error(tmp_path):
    skipped = [part for name in FIGURES for part in ("--skip", name)]
    result = CliRunner().invoke(main, ["bench", "--out", str(tmp_path / "bench.csv"), *skipped])
    assert result.exit_code == 2
    assert "every figure is skipped" in result.output
    assert list(tmp_path.iterdir()) == []
