"""The plugins of a row: exactly those that made and measured it, whatever else the row says."""

import json

import pytest

from bridgebench.leaderboard.row_entries import entries_of_row
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plan.provenance import plugin_versions
from bridgebench.registry import load_registry

REGISTRY = load_registry()


@pytest.fixture(scope="module")
def plan():
    words = {"method": "ddib", "solver": "heun", "transform": "rotate_image+blur_image"}
    return make_plan(REGISTRY, choices_of({"task": "world", **words}))


def cells_of(plan, **changes):
    parts = json.dumps(plan.fingerprint)
    options = plan.cells[0].provenance["options"]
    return {"options": options, "fingerprint_parts": parts, **changes}


def test_their_sources_are_those_that_the_row_names(plan):
    named = json.loads(plan.cells[0].provenance["plugins"])
    del named["task file"]
    assert plugin_versions(entries_of_row(cells_of(plan), REGISTRY)) == named


@pytest.mark.parametrize(
    "changes",
    [
        {"options": "[]", "fingerprint_parts": "[]"},
        {"options": '{"method":3,"transform":[3]}', "fingerprint_parts": '{"metrics":[]}'},
        {
            "options": '{"method":{"name":"gone"},"solver":{"name":["euler"]}}',
            "fingerprint_parts": '{"metrics":{"gone":{"extractors":{"a:b:c=,":1}}},"dataset":"x"}',
        },
    ],
)
def test_what_is_no_plugin_is_left_out(plan, changes):
    assert entries_of_row(cells_of(plan, **changes), REGISTRY) == []
