"""The hash of the code: it follows what is computed, and nothing else."""

import hashlib
import importlib
import json
import re

import pytest

from bridgebench.files.cache_folder import cache_folder
from bridgebench.plan.code import RUNNER, CodeReader
from bridgebench.plan.code_cache import read_cache

MODULE = '''
"""A plugin."""

from typing import TYPE_CHECKING

from pydantic import Field

from mine.paper import BIBTEX
from mine.steps import step

if TYPE_CHECKING:
    from mine.other import Other


class Mine:
    """What it is."""

    citation = BIBTEX
    by: float = Field(0.5, description="how far")
    """How far."""

    def move(self, x):
        """Move."""
        if x < 0:
            raise ValueError("it is below 0")
        return step(x) + self.by  # the paper's equation 3
'''

FILES = {
    "__init__": "",
    "mine": MODULE,
    "paper": 'BIBTEX = "@article{}"\n',
    "steps": "def step(x):\n    return 2 * x\n",
    "other": "class Other:\n    pass\n",
}


@pytest.fixture
def code_hash(tmp_path, monkeypatch):
    """The hash of each module that one of a package reaches, the files changed as told."""
    package = re.sub("[^a-z0-9_]", "_", tmp_path.name)
    folder = tmp_path / package
    folder.mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    def of(root="mine", **changed):
        for module, text in {**FILES, **changed}.items():
            (folder / f"{module}.py").write_text(text.replace("mine.", f"{package}."))
        importlib.invalidate_caches()
        modules = CodeReader().reached([f"{package}.{root}"])
        return {
            module.partition(".")[2] or "__init__": code.sha256
            for module, code in modules.items()
            if module.startswith(package)
        }

    return of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# the paper's equation 3", "# equation 3 of the paper"),
        ('"""Move."""', '"""Move it."""'),
        ('"""How far."""', '"""How far it moves."""'),
        ("how far", "how far it moves"),
        ("it is below 0", "give 0 or more"),
        ("citation = BIBTEX", "citation = BIBTEX.strip()"),
        ("    from mine.other import Other", "    from mine.other import Other as Another"),
        ("\n\nclass Mine", "\n\n\n\nclass Mine"),
    ],
)
def test_what_is_said_of_the_code_is_no_part_of_it(code_hash, old, new):
    assert old in MODULE
    before = code_hash()
    assert sorted(before) == ["__init__", "mine", "steps"]
    assert code_hash(mine=MODULE.replace(old, new)) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.5", "0.6"),
        ("x < 0", "x < 1"),
        ("step(x) +", "step(x) -"),
        ("by: float", "by: int"),
        ("by: float = Field(0.5", "by: float = Field(0.5, gt=0"),
        ('ValueError("it is below 0")', 'ValueError("it is below 0", x)'),
        ("    from mine.other import Other", "    pass\nelse:\n    from mine.other import Other"),
    ],
)
def test_what_is_computed_is(code_hash, old, new):
    assert old in MODULE
    assert code_hash()["mine"] != code_hash(mine=MODULE.replace(old, new))["mine"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = {**a, 1: b}", "x = {1: b, **a}"),
        ("x = a[:1]", "x = a[1:]"),
        ("x = None", "x = 'None'"),
        ("x = 1", "x = 1.0"),
        ("x = True", "x = 1"),
        ("x = f'{a}b'", "x = f'b{a}'"),
        ("x = f'{a!r}'", "x = f'{a}'"),
        ("def f(a, *, b=1): pass", "def f(a, b=1): pass"),
    ],
)
def test_code_that_differs_is_spelled_differently(code_hash, one, other):
    assert code_hash(mine=one) != code_hash(mine=other)


def test_the_spelling_is_ours_and_not_that_of_a_version_of_python(code_hash):
    text = "def f(x: int = 1):\n    return [x, None, *'a']\n"
    spelled = (
        "Module(body=[FunctionDef(name='f',args=arguments(args=[arg(arg='x',annotation="
        "Name(id='int'))],defaults=[Constant(value=1)]),body=[Return(value=List(elts="
        "[Name(id='x'),Constant(),Starred(value=Constant(value='a'))]))])])"
    )
    assert code_hash(mine=text)["mine"] == hashlib.sha256(spelled.encode()).hexdigest()


def test_a_module_is_followed_where_it_is_used_and_not_for_a_citation(code_hash):
    before = code_hash()
    assert set(before) == {"__init__", "mine", "steps"}
    changed = code_hash(steps="def step(x):\n    return 3 * x\n")
    assert changed["steps"] != before["steps"]
    unused = {"other": "class Other:\n    x = 1\n", "paper": 'BIBTEX = "another"\n'}
    assert code_hash(**unused) == before


def test_a_lazy_import_and_a_relative_one_are_followed(code_hash):
    lazy = "def run(x):\n    from .steps import step\n    return step(x)\n"
    assert set(code_hash(mine=lazy)) == {"__init__", "mine", "steps"}


def test_a_name_that_another_module_passes_on_is_followed_to_where_it_is_defined(code_hash):
    passed = {"mine": "from mine.between import step\nx = step(1)\n"}
    passed["between"] = "from mine.steps import step\n"
    before = code_hash(**passed)
    assert set(before) == {"__init__", "mine", "between", "steps"}
    assert code_hash(**passed, steps="def step(x):\n    return 3 * x\n") != before


PACKAGE = """
import math

from .other import Other as Another
from .steps import step

__all__ = ["step"]
SCALE = math.pi
"""


def test_of_a_package_the_names_that_are_used_are_followed_and_its_own_code_counts(code_hash):
    files = {"mine": "from . import step\nx = step(1)\n", "__init__": PACKAGE}
    before = code_hash(**files)
    assert set(before) == {"__init__", "mine", "steps"}
    fewer = PACKAGE.replace("from .other import Other as Another\n", "").replace('"step"', "")
    assert code_hash(**files | {"__init__": fewer}) == before
    assert code_hash(**files | {"__init__": PACKAGE.replace("pi", "e")}) != before


def test_what_a_package_does_when_it_is_imported_counts_for_its_modules(code_hash):
    before = code_hash(mine="x = 1\n")
    assert code_hash(mine="x = 1\n", __init__="import math\nmath.tau = 6\n") != before


def test_an_unused_import_is_followed_as_it_may_do_something(code_hash):
    assert "other" in code_hash(mine="from mine.other import Other\n")


def test_the_runner_and_what_it_uses_of_the_core_are_always_covered():
    reached = CodeReader().reached(RUNNER)
    assert {*RUNNER, "bridgebench.toolkit.randomness", "bridgebench.interfaces.metric"} <= set(
        reached
    )
    asides = ("bridgebench.cli", "bridgebench.leaderboard", "bridgebench.plan", "bridgebench.api")
    assert not [name for name in reached if name.startswith(asides)]


def test_a_name_of_the_package_is_found_where_it_is_defined():
    reached = CodeReader().reached(["bridgebench_metrics.success"])
    assert "bridgebench.toolkit.statistics.intervals" in reached
    assert "bridgebench_metrics.fid" not in reached


@pytest.mark.parametrize("damage", [b"{", b"[1]", b"[" * 100_000, b'{"a": 1}'])
def test_a_damaged_cache_is_read_as_none(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("BRIDGEBENCH_CACHE", str(tmp_path))
    sound = CodeReader().code_of(["bridgebench.toolkit.noise_levels"])
    (path,) = (cache_folder() / "code").iterdir()
    assert len(read_cache()) > 5
    path.write_bytes(damage)
    assert read_cache() == {}
    assert CodeReader().code_of(["bridgebench.toolkit.noise_levels"]) == sound


def test_an_entry_of_another_form_is_not_believed(tmp_path, monkeypatch):
    monkeypatch.setenv("BRIDGEBENCH_CACHE", str(tmp_path))
    sound = CodeReader().code_of(["bridgebench.toolkit.noise_levels"])
    (path,) = (cache_folder() / "code").iterdir()
    entries = json.loads(path.read_text())
    path.write_text(json.dumps({key: ["no hash"] for key in entries}))
    assert CodeReader().code_of(["bridgebench.toolkit.noise_levels"]) == sound
