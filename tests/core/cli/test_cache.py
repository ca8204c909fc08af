"""The cache from the command line: what is in it, emptied, and shown by a plan."""

import pytest
from click.testing import CliRunner

from bridgebench.cli import main
from bridgebench.execute.store import LIMIT_VARIABLE
from bridgebench.files.cache_folder import FOLDER_VARIABLE

WORDS = ["task=world", "method=ddib", "solver=heun", "transform=identity"]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(LIMIT_VARIABLE, "100MB")
    return tmp_path / "cache"


def call(*words):
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def test_a_run_fills_it_a_plan_shows_it_and_clear_empties_it(tmp_path, cache):
    assert "0%" in call("plan", *WORDS)
    assert "entries: 0" in call("cache", "info")
    call("run", *WORDS, f"out={tmp_path / 'out'}")
    assert "100%" in call("plan", *WORDS)
    told = call("cache", "info")
    assert str(cache) in told
    assert "entries: 0" not in told
    assert "limit:   100.0 MB" in told
    assert "deleted" in call("cache", "clear")
    assert "entries: 0, 0 bytes" in call("cache", "info")


def test_it_says_when_it_is_off(monkeypatch):
    monkeypatch.setenv(LIMIT_VARIABLE, "0")
    assert "it is off" in call("cache", "info")


def test_a_wrong_limit_is_one_line(monkeypatch):
    monkeypatch.setenv(LIMIT_VARIABLE, "plenty")
    result = CliRunner().invoke(main, ["cache", "info"])
    assert result.exit_code == 2
    assert "expected a size such as 500MB" in result.output


def test_a_cache_that_cannot_be_used_is_a_warning_and_a_whole_run(tmp_path, cache):
    cache.write_text("in the way")
    result = CliRunner().invoke(main, ["run", *WORDS, f"out={tmp_path / 'out'}"])
    assert result.exit_code == 0
    assert "warning: the cache" in result.output
    assert "console.py" not in result.output
