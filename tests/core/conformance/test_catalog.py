"""Each check is explained where its failure says."""

from pathlib import Path

import pytest

from bridgebench.conformance.catalog import checks_of
from bridgebench.plugins.registry import Kind

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("kind", Kind)
def test_every_check_has_a_section_in_the_docs(kind):
    for check in checks_of(kind):
        page, _, anchor = check.docs.partition("#")
        lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
        assert any(line.strip("# ").lower() == anchor for line in lines if line.startswith("#"))


@pytest.mark.parametrize("kind", Kind)
def test_every_check_says_in_a_line_what_it_makes_sure_of(kind):
    checks = checks_of(kind)
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.what.endswith(".") for check in checks)
