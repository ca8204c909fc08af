"""What cannot be run on Ray is one line and exit 2, and nothing is written."""

import importlib.util
import socket

import pytest
import ray
from click.testing import CliRunner

from bridgebench import UsageError
from bridgebench.api import run_choices
from bridgebench.cli import main
from bridgebench.execute.workers.cluster.connect import CLIENT_TRIES, Needs, connected
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


DIED = """Initialization failure from server:
Traceback (most recent call last):
  File "proxier.py", line 772, in Datapath
RuntimeError: Starting Ray client server failed. See ray_client_server_23000.err.
"""


@pytest.fixture
def listening_port():
    """A port at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held.getsockname()[1]


def test_a_client_whose_server_died_as_it_was_forked_tries_again(monkeypatch, listening_port):
    answers = [ConnectionAbortedError(DIED), ConnectionAbortedError(DIED), None]

    def init(**_):
        if (answer := answers.pop(0)) is not None:
            raise answer

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 3})
    with connected(f"ray://127.0.0.1:{listening_port}", Needs(None, 1, 0, 0)) as workers:
        assert workers == 3
    assert not answers


@pytest.mark.parametrize(
    ("problem", "tries", "gist"),
    [
        (DIED, CLIENT_TRIES, "from server: RuntimeError: Starting Ray client server failed."),
        ("Initialization failure from server:\nOther versions\n", 1, "from server: Other versions"),
    ],
)
def test_a_client_whose_server_never_starts_is_one_line(
    tmp_path, monkeypatch, listening_port, problem, tries, gist
):
    asked = []

    def init(**words):
        asked.append(words)
        raise ConnectionAbortedError(problem)

    monkeypatch.setattr(ray, "init", init)
    said = refused(tmp_path, "executor=ray", f"address=ray://127.0.0.1:{listening_port}")
    assert gist in said
    assert len(asked) == tries


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
