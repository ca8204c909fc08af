"""A distribution that cannot be used is one clear line, and leaves the others alone."""

import importlib.metadata
import sys
from importlib.metadata import PathDistribution

import pytest
from click.testing import CliRunner

from bridgebench.cli import main
from bridgebench.registry import GROUP

HOOKS = """
from bridgebench import hookimpl
api = {api}

@hookimpl
def bridgebench_solvers():
    return {mapping}
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution of one module beside what is installed."""
    monkeypatch.syspath_prepend(tmp_path)
    real = importlib.metadata.entry_points(group=GROUP)

    def put(name, content, point=""):
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / f"{name}.py").write_text(content)
        info = tmp_path / f"{name}-2.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.5\n")
        (info / "entry_points.txt").write_text(f"[bridgebench]\n{name} = {point or name}\n")
        mine = PathDistribution(info).entry_points
        monkeypatch.setattr("bridgebench.registry.entry_points", lambda group: [*real, *mine])

    return put


@pytest.fixture
def here(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(folder)
    return folder


def call(*words):
    result = CliRunner().invoke(main, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


RUN = ("run", "task=world", "method=identity", "out=mine")


@pytest.mark.parametrize(
    "words", [RUN, ("list",), ("plugins",), ("plan", "task=world"), ("doctor",)]
)
def test_a_taken_name_stops_every_command_in_a_line(install, here, words):
    install("copycat", HOOKS.format(api=1, mapping={"euler": "copycat:Euler"}))
    result = call(*words)
    assert result.exit_code == 2
    (line,) = [each for each in result.stderr.splitlines() if not each.startswith("planning ")]
    assert "solver 'euler' is claimed by both" in line
    assert "copycat 2.5" in line
    assert "BRIDGEBENCH_PLUGINS_OFF" in line
    assert not list(here.iterdir())


def test_the_copycat_can_be_blocked(install, here, monkeypatch):
    install("copycat", HOOKS.format(api=1, mapping={"euler": "copycat:Euler"}))
    monkeypatch.setenv("BRIDGEBENCH_PLUGINS_OFF", "copycat")
    assert call(*RUN).exit_code == 0


BROKEN = {
    "a bad entry point": ({"content": "", "point": "no_such_module"}, "No module named"),
    "an entry point that is no name": (
        {"content": "", "point": "broken:api.gone"},
        "AttributeError",
    ),
    "an import that fails": ({"content": "1 / 0"}, "ZeroDivisionError"),
    "a newer interface": ({"content": "api = 99"}, "install a newer bridgebench"),
    "no interface version": ({"content": ""}, "api = None"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_one_is_a_line_and_leaves_the_others_alone(install, here, case):
    arguments, said = BROKEN[case]
    install("broken", **arguments)
    listed = call("plugins")
    assert listed.exit_code == 1
    (line,) = listed.stderr.splitlines()
    assert line.startswith("not usable: broken 2.5")
    assert said in line
    assert call(*RUN).exit_code == 0
    assert call("check", "rotate_image", "--task", "world").exit_code == 0


def test_a_class_that_is_not_there_is_refused_where_it_is_asked_for(install, here):
    install("broken", HOOKS.format(api=1, mapping={"gone": "broken:Gone"}))
    result = call("run", "task=world", "method=ddib", "solver=gone", "out=mine")
    assert result.exit_code == 2
    line = result.stderr.splitlines()[-1]
    assert "solver 'gone' of broken 2.5" in line
    assert "does not name a class" in line
    assert not list(here.iterdir())
