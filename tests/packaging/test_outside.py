"""The example plugin and new plugins of each kind, installed and used from the outside."""

from pathlib import Path

import pandas as pd

from bridgebench.plugins.registry import Kind

EXAMPLE = Path(__file__).parents[2] / "docs" / "example-sdedit"
EXACT = ("task=world", "target_score=world_exact", "solver=heun", "nfe=8")


def test_the_wheels_are_what_is_imported(outside, tmp_path):
    code = "import bridgebench, bridgebench_sdedit; print(bridgebench.__file__)"
    done = outside.run("python", "-c", code, cwd=tmp_path)
    assert str(outside.home) in done.stdout, done.stderr


def test_every_plugin_is_listed(outside, tmp_path):
    done = outside.run("bridgebench", "plugins", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "bridgebench-sdedit" in done.stdout
    assert all(f"bridgebench-new-{kind}" in done.stdout for kind in Kind)


def test_the_example_gives_rows(outside, tmp_path):
    method = "method=sdedit:level=0.05,1,100"
    done = outside.run("bridgebench", "run", *EXACT, method, "out=mine", cwd=tmp_path)
    assert done.returncode == 1, "one of the rows is skipped"
    table = pd.read_csv(tmp_path / "mine" / "leaderboard.csv").set_index("method")
    assert table.loc["sdedit:level=100.0", "status"] == "skipped"
    near, far = table.loc["sdedit:level=0.05"], table.loc["sdedit"]
    assert (near["status"], far["status"]) == ("ok", "ok")
    assert near["nfe_total"] == far["nfe_total"] == 8
    assert near["transport"] < far["transport"]
    assert near["accuracy"] < far["accuracy"]
    assert "bridgebench-sdedit" in far["plugins"]


def test_the_example_passes_the_kit(outside, tmp_path):
    done = outside.run("bridgebench", "check", "sdedit", "--task", "world", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_passes_its_own_tests(outside, tmp_path):
    done = outside.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=EXAMPLE)
    assert done.returncode == 0, done.stdout[-3000:]


def test_new_plugins_pass_their_own_tests(outside, scaffolds, tmp_path):
    words = ["-q", "-p", "no:cacheprovider", "-c", str(scaffolds[Kind.SOLVER] / "pyproject.toml")]
    folders = [str(folder / "tests") for folder in scaffolds.values()]
    done = outside.run("python", "-m", "pytest", *words, *folders, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]


def test_all_of_them_are_typed(outside, scaffolds, tmp_path):
    folders = [EXAMPLE, *scaffolds.values()]
    files = [str(folder / part) for folder in folders for part in ("src", "tests")]
    words = ["--config-file", str(EXAMPLE / "pyproject.toml"), f"--cache-dir={tmp_path}", *files]
    done = outside.run("python", "-m", "mypy", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


RUNS = {
    "new_dataset": {"task": "new_dataset_task"},
    "new_extractor": {"task": "new_extractor_task"},
    "new_method": {"task": "world", "method": "new_method"},
    "new_metric": {"task": "world", "method": "identity", "metric": "new_metric"},
    "new_solver": {"task": "world", "method": "ddib", "solver": "new_solver"},
    "new_transform": {"task": "world", "method": "ddib", "transform": "new_transform"},
    "new_score": {
        "task": "cmnist_to7",
        "method": "random_latent",
        "target_score": "new_score",
        "n": 8,
    },
}


def test_new_plugins_run_at_once(outside, tmp_path):
    code = (
        "import bridgebench\n"
        f"for name, words in {RUNS!r}.items():\n"
        "    table = bridgebench.run(**words, out=name)\n"
        "    print(name, len(table) > 0, set(table['status']))\n"
    )
    done = outside.run("python", "-c", code, cwd=tmp_path)
    assert done.stdout.splitlines() == [f"{name} True {{'ok'}}" for name in RUNS], done.stderr


def test_a_new_task_can_be_planned(outside, tmp_path):
    done = outside.run("bridgebench", "plan", "task=new_task", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "cells in" in done.stdout
