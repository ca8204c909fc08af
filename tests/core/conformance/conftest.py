from collections.abc import Callable
from typing import Any

import pytest

from bridgebench.conformance import ConformanceError
from bridgebench.conformance.catalog import checks_of
from bridgebench.conformance.harness import Harness, make_harness
from bridgebench.plugins.registry import Kind, load_registry

Caught = Callable[[Kind, str, Any], str]


@pytest.fixture(scope="session")
def world() -> Harness:
    """The harness of the small world, whose score model is exact."""
    return make_harness(load_registry(), "world", "cpu")


@pytest.fixture(scope="session")
def caught(world: Harness) -> Caught:
    """What the check of that name says of a broken plugin; a failure where it says nothing."""

    def by(kind: Kind, name: str, plugin: Any) -> str:
        (check,) = (check for check in checks_of(kind) if check.name == name)
        with pytest.raises(ConformanceError) as raised:
            check(plugin, world)
        assert raised.value.docs == f"docs/how-to/write-a-{kind}.md#{name}"
        said = str(raised.value)
        assert "\n" not in said
        return said

    return by


@pytest.fixture(scope="session")
def passes(world: Harness) -> Callable[[Kind, Any], None]:
    """A plugin that every check of its kind is satisfied with."""

    def by(kind: Kind, plugin: Any) -> None:
        for check in checks_of(kind):
            check(plugin, world)

    return by
