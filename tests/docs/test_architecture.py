"""The page on the architecture names folders and modules that are there, and every folder."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "bridgebench"
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")


def test_every_module_that_it_names_is_there():
    modules = re.findall(r"`([a-z_]+(?:/[a-z_]+)+)`", PAGE)
    assert len(modules) > 10
    there = {name for name in modules if (CORE / f"{name}.py").is_file() or (CORE / name).is_dir()}
    assert [name for name in modules if name not in there] == []


def test_every_folder_of_the_core_is_named():
    folders = {path.parent.name for path in CORE.glob("*/__init__.py")}
    assert folders <= set(re.findall(r"`([a-z_]+)/`", PAGE))
