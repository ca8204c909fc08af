"""The pages build without a warning, load nothing from elsewhere, and name all that is public."""

import inspect
import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from types import UnionType
from typing import get_args

import pytest
from pydantic import BaseModel
from sphinx.util.inventory import InventoryFile

import bridgebench
from bridgebench.cli import main
from bridgebench.conformance.catalog import checks_of
from bridgebench.execute.records import Record
from bridgebench.leaderboard.csv.columns import HEAD, TAIL
from bridgebench.plan.choices import Choices
from bridgebench.plugins import hookspecs
from bridgebench.plugins.registry import Kind
from bridgebench.tasks.task_file import TaskFile

DOCS = Path(__file__).parents[2] / "docs"
LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=\"(?:https?:)?//"
    r"|<link\b(?![^>]*\brel=\"(?:canonical|author)\")[^>]*\bhref=\"(?:https?:)?//"
    r"|@import\s+(?:url\()?[\"']?(?:https?:)?//"
    r"|url\([\"']?(?:https?:)?//"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built pages; every warning is an error."""
    out = tmp_path_factory.mktemp("docs") / "site"
    words = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "-q"]
    done = subprocess.run(
        [*words, str(DOCS), str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return out


@pytest.fixture(scope="module")
def documented(site):
    """The names that the pages explain, by what they are."""
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    return {name for items in inventory.data.values() for name in items}


def text_of(page):
    """What a page says, without its markup and with its white space folded."""
    content = re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))
    return " ".join(unescape(content).split())


def test_no_page_loads_anything_from_another_host(site):
    files = [path for end in ("html", "css") for path in site.rglob(f"*.{end}")]
    assert files
    for path in files:
        found = LOADED.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(site)}: {found[0]}"


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://cdn.example/x.js">',
        '<link rel="stylesheet" href="//fonts.example/css">',
        "@import url('https://fonts.example/css')",
    ],
)
def test_what_is_loaded_from_another_host_is_seen(markup):
    assert LOADED.search(markup)


@pytest.mark.parametrize("name", bridgebench.__all__)
def test_every_public_name_is_in_the_reference(name, documented):
    if name == "__version__":
        return
    assert f"bridgebench.{name}" in documented


@pytest.mark.parametrize("kind", list(Kind))
def test_every_hook_is_documented_with_its_signature(kind, site):
    hook = vars(hookspecs)[kind.hook]
    said = text_of(site / "reference" / "hooks.html")
    plain = str(inspect.signature(hook)).replace("'", "").replace("collections.abc.", "")
    plain = plain.replace("->", "→")
    assert f"{kind.hook}{plain}" in said, plain
    assert inspect.getdoc(hook) in said


def test_every_hook_has_a_kind():
    hooks = {name for name in vars(hookspecs) if name.startswith("bridgebench_")}
    assert hooks == {kind.hook for kind in Kind}


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_page_that_uses_its_hook(kind):
    page = (DOCS / "how-to" / f"write-a-{kind}.md").read_text(encoding="utf-8")
    assert f"def {kind.hook}(" in page


@pytest.mark.parametrize(
    "check", [check for kind in Kind for check in checks_of(kind)], ids=lambda check: check.docs
)
def test_every_check_is_explained_where_it_says(check):
    path, _, anchor = check.docs.partition("#")
    page = (DOCS.parent / path).read_text(encoding="utf-8")
    assert f"\n### {anchor}\n" in page


@pytest.mark.parametrize("name", main.list_commands(None))
def test_every_command_is_in_the_reference(name, site):
    assert f"Usage: bridgebench {name} " in text_of(site / "reference" / "commands.html")


@pytest.mark.parametrize("column", [*HEAD, *TAIL])
def test_every_column_is_in_the_reference(column):
    page = (DOCS / "reference" / "columns.md").read_text(encoding="utf-8")
    assert f"\n| `{column}` |" in page


@pytest.mark.parametrize("field", Record.model_fields)
def test_every_field_of_a_record_is_in_the_reference(field):
    page = (DOCS / "reference" / "files.md").read_text(encoding="utf-8")
    assert re.search(rf"^\|[^|]*`{field}`[^|]*\|", page, re.MULTILINE)


def test_every_key_of_run_json_is_in_the_reference(tmp_path):
    bridgebench.run("world", method="identity", out=tmp_path / "out")
    page = (DOCS / "reference" / "files.md").read_text(encoding="utf-8")
    for key in json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8")):
        assert f"\n| `{key}` |" in page


def keys_of(model, path=""):
    """The keys of a task file, dotted, down to what is no model."""
    for name, field in model.model_fields.items():
        found = get_args(field.annotation) if isinstance(field.annotation, UnionType) else ()
        inner = [each for each in (field.annotation, *found) if is_model(each)]
        if inner:
            yield from keys_of(inner[0], f"{path}{name}.")
        else:
            yield f"{path}{name}"


def is_model(annotation):
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)


@pytest.mark.parametrize("key", list(keys_of(TaskFile)))
def test_every_key_of_a_task_file_is_in_the_reference(key):
    page = (DOCS / "reference" / "task-files.md").read_text(encoding="utf-8")
    assert re.search(rf"^\|[^|]*`{key}`[^|]*\|", page, re.MULTILINE)


@pytest.mark.parametrize("word", Choices.model_fields)
def test_every_word_of_run_is_explained_somewhere(word):
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    assert f"{word}=" in pages
