"""The kit in pytest and on the command line, as a plugin author meets it."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridgebench.cli import main

WORLD = Path(__file__).parents[2] / "world"


def run_pytest(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-o",
        f"pythonpath={WORLD}",
    ]
    return subprocess.run(
        [*command, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=1800
    )


def test_checks_are_tests_in_any_folder(tmp_path):
    (tmp_path / "test_else.py").write_text("def test_else(): assert False\n")
    done = run_pytest(tmp_path, "-v", "--bridgebench-check", "scale:c=0.8", "-k", "not finite")
    assert done.returncode == 0, done.stdout
    assert "bridgebench/scale:c=0.8::transform-batch-independence PASSED" in done.stdout
    assert "7 passed, 1 deselected" in done.stdout


def test_a_failure_says_what_came_and_where_it_is_explained(tmp_path):
    done = run_pytest(tmp_path, "--bridgebench-check", "too_bright", "-k", "run")
    assert done.returncode == 1
    assert "gave outputs from" in done.stdout
    assert "the task's items lie in [-1, 1]; clamp them" in done.stdout
    assert "explained in docs/how-to/write-a-method.md#run" in done.stdout
    assert "Traceback" not in done.stdout


def test_an_error_of_the_plugin_has_its_traceback(tmp_path):
    done = run_pytest(tmp_path, "--bridgebench-check", "raising", "-k", "run")
    assert done.returncode == 1
    assert 'raise ValueError("no bridge here")' in done.stdout
    assert "got ValueError: no bridge here" in done.stdout


def test_a_subclass_runs_the_checks_and_a_path_keeps_its_tests(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "from bridgebench.conformance import Conformance\n\n\n"
        "class TestMine(Conformance):\n"
        '    spec = "identity"\n'
        '    kind = "transform"\n\n\n'
        "def test_bench(bridgebench_harness):\n"
        "    assert len(bridgebench_harness.source(2)) == 2\n"
    )
    done = run_pytest(tmp_path, "-v", "test_mine.py", "--bridgebench-check", "scale:c=2")
    assert done.returncode == 0, done.stdout
    assert "TestMine::test_conforms[transform-batch-independence] PASSED" in done.stdout
    assert "17 passed" in done.stdout


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("heunn", "did you mean heun"),
        ("scale", "the option 'c' must be given"),
        ("scale:d=1", "unknown option of transform scale 'd'"),
    ],
)
def test_a_wrong_spec_is_one_line(spec, said):
    result = CliRunner().invoke(main, ["check", spec])
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [["--kind", "solvre"], ["--task", "nowhere"], ["--device", "x"]])
def test_a_wrong_option_is_one_line(words):
    result = CliRunner().invoke(main, ["check", "heun", *words])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_a_wrong_spec_ends_pytest_with_a_usage_error(tmp_path):
    done = run_pytest(tmp_path, "--bridgebench-check", "heunn")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "did you mean heun" in done.stderr


def test_check_prints_a_verdict_on_each_check():
    result = CliRunner().invoke(main, ["check", "scale:c=0.8"])
    assert result.exit_code == 0
    assert "ok    transform-batch-independence  An item gets the same in any batch" in result.stdout
    assert "8 of 8 checks passed" in result.stdout


def test_check_fails_what_breaks_its_promises():
    result = CliRunner().invoke(main, ["check", "nan_output", "--task", "world"])
    assert result.exit_code == 1
    assert "FAIL  method-run" in result.stdout
    assert "gave outputs with NaN or infinity" in result.stdout


def test_a_plugin_that_cannot_be_loaded_has_one_verdict(monkeypatch):
    monkeypatch.setattr("bridgebench_world.failing.NanOutput.name", "another")
    result = CliRunner().invoke(main, ["check", "nan_output"])
    assert result.exit_code == 1
    assert "0 of 1 checks passed" in result.stdout
    assert "calls itself 'another'" in result.stdout


def test_a_task_file_is_checked_by_its_path(tmp_path):
    text = (WORLD / "bridgebench_world" / "world.yaml").read_text(encoding="utf-8")
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(text)
    bad.write_text(text.replace("shape: [3, 32, 32]", "shape: [3, 28, 28]"))
    assert CliRunner().invoke(main, ["check", str(good)]).exit_code == 0
    result = CliRunner().invoke(main, ["check", str(bad)])
    assert result.exit_code == 1
    assert "items of shape (3, 28, 28); got (3, 32, 32)" in result.stdout
