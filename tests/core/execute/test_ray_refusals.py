"""What cannot be run on Ray is one line and exit 2, and nothing is written."""

import importlib.util
import socket

import pytest
import ray
from click.testing import CliRunner

from bridgebench import UsageError
from bridgebench.api import run_choices
from bridgebench.cli import main
from bridgebench.plan.choices import choices_of


def refused(tmp_path, *words):
    result = CliRunner().invoke(main, ["run", "task=world", f"out={tmp_path / 'out'}", *words])
    assert result.exit_code == 2, (result.output, result.exception)
    lines = [line for line in result.stderr.splitlines() if not line.startswith("planning ")]
    assert len(lines) == 1, lines
    assert not (tmp_path / "out").exists()
    return lines[0]


@pytest.fixture
def silent_port():
    """A port at which nobody listens, held so that nobody begins to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("executor=ray workers=0", "workers=0"),
        ("executor=ray workers=many", "workers=many"),
        ("executor=ray threads=0", "threads=0"),
        ("executor=ray gpus=-1", "gpus=-1"),
        ("executor=ray retries=-1", "retries=-1"),
        ("workers=2", "give executor=ray or leave it out"),
        ("address=auto", "give executor=ray or leave it out"),
        ("executor=ray address=ray://nowhere", "is not auto, host:port or ray://host:port"),
        ("executor=ray address=http://127.0.0.1:80", "is not auto, host:port or ray://host:port"),
        ("executor=ray address=127.0.0.1:99999", "is not auto, host:port or ray://host:port"),
    ],
)
def test_a_wrong_word_is_one_line(tmp_path, words, said):
    assert said in refused(tmp_path, *words.split())


def test_an_address_at_which_nobody_answers_is_one_line(tmp_path, silent_port):
    for address in (f"ray://127.0.0.1:{silent_port}", f"127.0.0.1:{silent_port}"):
        said = refused(tmp_path, "executor=ray", f"address={address}")
        assert f"address={address}: nobody answers there" in said


def test_no_ray_at_auto_is_one_line(tmp_path, monkeypatch):
    def init(**_):
        raise ConnectionError("Could not find any running Ray instance.")

    monkeypatch.setattr(ray, "init", init)
    said = refused(tmp_path, "executor=ray", "address=auto")
    assert "address=auto: no Ray could be used there: Could not find any" in said


def test_a_ray_that_has_gone_is_not_waited_for(tmp_path, monkeypatch, silent_port):
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{silent_port}")
    said = refused(tmp_path, "executor=ray", "address=auto")
    assert "address=auto: nobody answers there" in said


def test_without_the_client_of_ray_the_extra_is_named(tmp_path, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "grpc" else real(name)
    )
    said = refused(tmp_path, "executor=ray", "address=ray://127.0.0.1:10001")
    assert "needs Ray's client, which is not installed" in said
    assert "pip install 'bridgebench[ray]'" in said


def test_without_ray_the_extra_is_named(tmp_path, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "ray" else real(name)
    )
    choices = choices_of({"task": "world", "out": tmp_path / "out", "executor": "ray"})
    with pytest.raises(UsageError, match=r"pip install 'bridgebench\[ray\]'"):
        run_choices(choices)
    assert not (tmp_path / "out").exists()
