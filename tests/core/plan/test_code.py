"""The hash of the code: it follows what is computed, and nothing else."""

import json
import re

import pytest

from bridgebench.cache_folder import cache_folder
from bridgebench.plan.code import RUNNER, CodeReader, stripped_source
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
    """The hash of a package of those files, changed as told; each call makes a new package."""
    number = iter(range(1000))

    def of(**changed):
        name = f"{re.sub('[^a-z0-9_]', '_', tmp_path.name)}_{next(number)}"
        folder = tmp_path / name
        folder.mkdir()
        for module, text in {**FILES, **changed}.items():
            (folder / f"{module}.py").write_text(text.replace("from mine.", f"from {name}."))
        monkeypatch.syspath_prepend(tmp_path)
        modules = CodeReader().reached([f"{name}.mine"])
        return {
            module.partition(".")[2]: code.sha256
            for module, code in modules.items()
            if module.startswith(name)
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
        ("citation = BIBTEX", 'citation = "none"'),
        ("    from mine.other import Other", "    from mine.other import Other as Another"),
        ("\n\nclass Mine", "\n\n\n\nclass Mine"),
    ],
)
def test_what_is_said_of_the_code_is_no_part_of_it(code_hash, old, new):
    assert old in MODULE
    before, after = code_hash(), code_hash(mine=MODULE.replace(old, new))
    # The name of the package stands in the imports, so that the modules differ in it alone.
    assert sorted(before) == sorted(after) == ["mine", "steps"]
    assert stripped_source(MODULE.replace("citation = BIBTEX", 'citation = "none"')) == (
        stripped_source(MODULE.replace(old, new).replace("citation = BIBTEX", 'citation = "none"'))
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.5", "0.6"), ("x < 0", "x < 1"), ("step(x) +", "step(x) -"), ("by: float", "by: int")],
)
def test_what_is_computed_is(old, new):
    assert old in MODULE
    assert stripped_source(MODULE) != stripped_source(MODULE.replace(old, new))


def test_a_module_is_followed_where_it_is_used_and_not_for_a_citation(code_hash):
    before = code_hash()
    assert set(before) == {"mine", "steps"}
    changed = code_hash(steps="def step(x):\n    return 3 * x\n")
    assert changed["steps"] != before["steps"]
    assert (
        code_hash(other="class Other:\n    x = 1\n", paper='BIBTEX = "another"\n')["steps"]
        == (before["steps"])
    )


def test_a_lazy_import_and_a_relative_one_are_followed(code_hash):
    lazy = "def run(x):\n    from .steps import step\n    return step(x)\n"
    assert set(code_hash(mine=lazy)) == {"mine", "steps"}


def test_the_runner_and_what_it_uses_of_the_core_are_always_covered():
    reached = CodeReader().reached(RUNNER)
    assert {*RUNNER, "bridgebench.randomness", "bridgebench.interfaces.metric"} <= set(reached)
    asides = ("bridgebench.cli", "bridgebench.leaderboard", "bridgebench.plan", "bridgebench.api")
    assert not [name for name in reached if name.startswith(asides)]


def test_a_name_of_the_package_is_found_where_it_is_defined():
    reached = CodeReader().reached(["bridgebench_metrics.success"])
    assert "bridgebench.statistics.intervals" in reached
    assert "bridgebench_metrics.fid" not in reached


@pytest.mark.parametrize("damage", [b"{", b"[1]", b"[" * 100_000, b'{"a": 1}'])
def test_a_damaged_cache_is_read_as_none(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("BRIDGEBENCH_CACHE", str(tmp_path))
    sound = CodeReader().code_of(["bridgebench.spacing"])
    (path,) = (cache_folder() / "code").iterdir()
    assert len(read_cache()) > 5
    path.write_bytes(damage)
    assert read_cache() == {}
    assert CodeReader().code_of(["bridgebench.spacing"]) == sound


def test_an_entry_of_another_form_is_not_believed(tmp_path, monkeypatch):
    monkeypatch.setenv("BRIDGEBENCH_CACHE", str(tmp_path))
    sound = CodeReader().code_of(["bridgebench.spacing"])
    (path,) = (cache_folder() / "code").iterdir()
    entries = json.loads(path.read_text())
    path.write_text(json.dumps({key: ["no hash"] for key in entries}))
    assert CodeReader().code_of(["bridgebench.spacing"]) == sound
