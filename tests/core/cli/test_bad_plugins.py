"""A distribution that cannot be used is one clear line, and leaves the others alone."""

import importlib.metadata
import sys
from importlib.metadata import PathDistribution

import pytest
from click.testing import CliRunner

from bridgebench.cli import main
from bridgebench.plugins.registry import GROUP

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
        monkeypatch.setattr(
            "bridgebench.plugins.registry.entry_points", lambda group: [*real, *mine]
        )

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


CLASH = "solver 'euler' is claimed by both copycat 2.5 (copycat) and bridgebench "


@pytest.mark.parametrize(
    "words", [("run", "task=world", "method=ddib", "out=mine"), ("plan", "task=world")]
)
def test_a_taken_name_stops_what_uses_it_in_a_line(install, here, words):
    install("copycat", HOOKS.format(api=2, mapping={"euler": "copycat:Euler"}))
    result = call(*words)
    assert result.exit_code == 2
    (line,) = [each for each in result.stderr.splitlines() if not each.startswith("planning ")]
    assert CLASH in line
    assert "copycat 2.5" in line
    assert "BRIDGEBENCH_PLUGINS_OFF" in line
    assert not list(here.iterdir())


@pytest.mark.parametrize("words", [("list",), ("plugins",), ("doctor",)])
def test_a_taken_name_is_a_warning_where_plugins_are_shown(install, here, words):
    install("copycat", HOOKS.format(api=2, mapping={"euler": "copycat:Euler"}))
    line = call(*words).stderr.splitlines()[0]
    assert line.startswith(f"warning: {CLASH}")


def test_a_taken_name_leaves_what_does_not_use_it_alone(install, here):
    install("copycat", HOOKS.format(api=2, mapping={"euler": "copycat:Euler"}))
    result = call(*RUN)
    assert result.exit_code == 0
    assert "claimed" not in result.stderr


def test_the_copycat_can_be_blocked(install, here, monkeypatch):
    install("copycat", HOOKS.format(api=2, mapping={"euler": "copycat:Euler"}))
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
    "an import that exits": ({"content": "import sys; sys.exit(0)"}, "SystemExit(0)"),
    "an import that ends the process": ({"content": "import os; os._exit(0)"}, "SystemExit(0)"),
    "an import that changes the precision": (
        {"content": "import torch; torch.set_default_dtype(torch.float64)"},
        "changed torch's default dtype",
    ),
    "a hook that exits": (
        {"content": HOOKS.format(api=2, mapping="__import__('sys').exit(0)")},
        "SystemExit(0)",
    ),
    "a hook that gives a list": ({"content": HOOKS.format(api=2, mapping="[1]")}, "gives a list"),
    "a hook with odd names": ({"content": HOOKS.format(api=2, mapping="{3: 'a:B'}")}, "no name"),
    "a hook with odd classes": ({"content": HOOKS.format(api=2, mapping="{'a': 3}")}, "as a int"),
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
    install("broken", HOOKS.format(api=2, mapping={"gone": "broken:Gone"}))
    result = call("run", "task=world", "method=ddib", "solver=gone", "out=mine")
    assert result.exit_code == 2
    line = result.stderr.splitlines()[-1]
    assert "solver 'gone' of broken 2.5" in line
    assert "does not name a class" in line
    assert not list(here.iterdir())


MODULE = """
import sys, torch
from bridgebench import *
from typing import ClassVar
api = 2

class Odd(Method):
    name: ClassVar[str] = "odd"
    def translate(self, cell, batch, shared, context):
        return Translation(batch.images)
    {method}

class OddMetric(Metric):
    name: ClassVar[str] = "odd_metric"
    def columns(self):
        return (Column("odd", "", "", "Odd."),)
    def meter(self, context):
        return ItemMeter(("x",), lambda seen: {{"x": torch.zeros(len(seen.ids))}},
                         lambda values: {{"odd": Score(0.0)}})
    {metric}

{module}

@hookimpl
def bridgebench_methods():
    return {{"odd": Odd, "odd_metric": Odd}}

@hookimpl
def bridgebench_metrics():
    return {{"odd_metric": OddMetric}}
"""

ODD_METHODS = {
    "stages that raise": "def shared_stages(self, cell, setting): 1 / 0",
    "stages that are none": "def shared_stages(self, cell, setting): return None",
    "stages of text": "def shared_stages(self, cell, setting): return ('encode',)",
    "a stage with an option that it does not have": (
        "def shared_stages(self, cell, setting): return (Stage('encode', options=('gone',)),)"
    ),
    "a fit of text": "def fit_stage(self, cell, setting): return 'fit'",
    "a fit that exits": "def fit_stage(self, cell, setting): sys.exit(0)",
    "training domains that are none": "def training_domains(self, setting): return None",
    "evaluations of text": "def evaluations(self, cell): return 'many'",
    "asks that raise": "def required_domains(self, cell, setting): raise KeyError('x')",
    "asks that exit": "def required_domains(self, cell, setting): sys.exit(0)",
    "asks for text": "def required_domains(self, cell, setting): return [('a', 'b')]",
    "impossible that raises": "def skip_reason(self, cell, setting): raise OSError('gone')",
    "impossible that is none": "def skip_reason(self, cell, setting): return None",
    "files that raise": "def files(self): raise OSError('gone')",
    "files that are none": "def files(self): return None",
    "items that are refused": (
        "sees_items = True\n    def check_items(self, cell, ids, setting): 1 / 0"
    ),
    "supervision that raises": "supervision = property(lambda self: 1 / 0)",
    "supervision that is text": "supervision = property(lambda self: 'none')",
    "axes that are text": "axes = 'solver'",
    "a constructor that raises": "def model_post_init(self, context): raise OSError('no')",
    "a constructor that exits": "def model_post_init(self, context): sys.exit(0)",
    "a precision that is left": (
        "def required_domains(self, cell, setting):\n"
        "        torch.set_default_dtype(torch.float64)\n        return ()"
    ),
}

ODD_METRICS = {
    "extractors that are a property": "extractors = property(lambda self: ('world_channels',))",
    "extractors that raise": "def extractors(self, default): 1 / 0",
    "extractors that are text": "def extractors(self, default): return 'world_channels'",
    "columns that are a property": "columns = property(lambda self: ())",
    "columns of text": "def columns(self): return ('odd',)",
    "columns that exit": "def columns(self): sys.exit(0)",
    "impossible that raises": "def unsupported_reason(self, setting): 1 / 0",
    "a constructor that raises": "def model_post_init(self, context): raise OSError('no')",
}


def refused(words):
    result = call(*words)
    assert result.exit_code == 2
    (line,) = [each for each in result.stderr.splitlines() if not each.startswith("planning ")]
    return line


@pytest.mark.parametrize("case", ODD_METHODS)
def test_a_method_that_cannot_be_planned_is_one_line(install, here, case):
    install("odd", MODULE.format(method=ODD_METHODS[case], metric="pass", module=""))
    assert "method 'odd'" in refused(("run", "task=world", "method=odd,identity", "out=mine"))
    assert not list(here.iterdir())
    assert call(*RUN).exit_code == 0


@pytest.mark.parametrize("case", ODD_METRICS)
def test_a_metric_that_cannot_be_planned_is_one_line(install, here, case):
    install("odd", MODULE.format(method="pass", metric=ODD_METRICS[case], module=""))
    assert "metric 'odd_metric'" in refused((*RUN, "metric=odd_metric"))
    assert not list(here.iterdir())
    assert call(*RUN).exit_code == 0


@pytest.mark.parametrize(
    "content",
    [
        "import sys\nsys.exit(0)",
        "import os\nos._exit(0)",
        "import torch\ntorch.set_default_dtype(torch.float64)",
        "import sys, types\nsys.modules['torch'] = types.ModuleType('torch')",
        "raise BaseException('gone')",
        "1 / 0",
    ],
)
def test_a_module_of_a_plugin_that_misbehaves_is_one_line_each_time(
    install, here, tmp_path, content
):
    install("broken", HOOKS.format(api=2, mapping={"odd": "odd_module:Odd"}))
    (tmp_path / "odd_module.py").write_text(content)
    words = ("run", "task=world", "method=ddib", "solver=odd", "out=mine")
    for _ in range(2):
        assert "solver 'odd' of broken 2.5" in refused(words)
    assert call(*RUN).exit_code == 0
