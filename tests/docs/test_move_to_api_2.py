"""The page on version 2 names modules and names that are there, and old ones that are gone."""

import importlib.util
import re
from pathlib import Path

import pytest

import bridgebench
from bridgebench.interfaces.version import VERSIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "move-to-api-2.md").read_text(encoding="utf-8")
MOVED = re.findall(r"^\| `(bridgebench\.[a-z_.]+)` \| `(bridgebench\.[a-z_.]+)` \|$", PAGE, re.M)
GONE = re.search(r"^(.+) are gone from `bridgebench`\.$", PAGE, re.M)[1]


def is_there(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def test_the_message_to_an_old_plugin_names_this_page():
    (path,) = re.findall(r"see (docs/\S+\.md)", VERSIONS[1].changed)
    assert (ROOT / path).read_text(encoding="utf-8") == PAGE


@pytest.mark.parametrize(("old", "new"), MOVED)
def test_a_module_has_moved(old, new):
    assert is_there(new)
    assert not is_there(old)


def test_the_names_that_are_gone_are():
    names = re.findall(r"`(\w+)`", GONE)
    assert len(names) == 5
    assert not set(names) & set(bridgebench.__all__)
