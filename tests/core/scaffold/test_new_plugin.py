"""Plugins that are written to start from: their files, and what is refused."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridgebench.cli import main
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.scaffold import distribution_of, write_distribution

LONGEST = "a" * 28


def new_plugin(*words: str):
    result = CliRunner().invoke(main, ["new-plugin", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("kind", Kind)
def test_a_distribution_is_written_and_told(kind, tmp_path):
    result = new_plugin("my_own", "--kind", kind, "--dir", str(tmp_path / "new"))
    assert result.exit_code == 0
    folder = tmp_path / "new" / "bridgebench-my-own"
    assert list((tmp_path / "new").iterdir()) == [folder]
    (edit,) = (line.partition("edit ")[2] for line in result.stdout.splitlines()[:1])
    assert (folder / edit).is_file()
    assert len((folder / edit).read_text(encoding="utf-8").splitlines()) < 90
    for path in folder.rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))
    assert "$" not in "".join(
        p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()
    )


@pytest.mark.parametrize("name", ["my_own", LONGEST])
@pytest.mark.parametrize("kind", Kind)
def test_what_is_written_satisfies_ruff(kind, name, tmp_path):
    folder = write_distribution(distribution_of(name, kind, load_registry()), tmp_path)
    for words in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--no-cache", "."]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "name", ["", "My_own", "my-own", "1st", "my__own", "my_", "class", "a b", "../x", LONGEST + "a"]
)
def test_a_name_that_cannot_be_used_is_refused(name, tmp_path):
    result = new_plugin(name, "--kind", "solver", "--dir", str(tmp_path))
    assert result.exit_code == 2
    assert "cannot name a plugin; use up to 28 of a-z" in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("heun", "solver", "solver 'heun' is there already, from bridgebench 0.1.0"),
        ("solvers", "solver", "a package bridgebench_solvers is installed already"),
        ("mine", "solvre", "unknown kind of plugin 'solvre'; did you mean solver"),
        ("mine", "", "--kind must be given; there are: dataset, score"),
    ],
)
def test_what_is_taken_or_unknown_is_refused(name, kind, said, tmp_path):
    result = new_plugin(name, "--kind", kind, "--dir", str(tmp_path))
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_left_alone(tmp_path):
    (tmp_path / "bridgebench-mine").mkdir()
    (tmp_path / "bridgebench-mine" / "thesis.tex").write_text("mine")
    result = new_plugin("mine", "--kind", "solver", "--dir", str(tmp_path))
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert [p.name for p in tmp_path.rglob("*")] == ["bridgebench-mine", "thesis.tex"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    result = new_plugin("mine", "--kind", "solver", "--dir", str(tmp_path / "file"))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_nothing_is_left_of_what_could_not_be_written(tmp_path, monkeypatch):
    real = Path.write_text

    def full(self: Path, text: str, **rest: str) -> int:
        if self.name == "README.md":
            raise OSError(28, "No space left on device")
        return real(self, text, **rest)

    monkeypatch.setattr(Path, "write_text", full)
    result = new_plugin("mine", "--kind", "solver", "--dir", str(tmp_path))
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert list(tmp_path.iterdir()) == []
