"""The conformance kit in pytest: `--bridgebench-check SPEC`, and the checks of a Conformance class.

It is loaded in every session of an environment that has bridgebench, so that nothing heavy is
imported before a check is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bridgebench.conformance.check import BoundCheck, ConformanceError

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr, TracebackStyle

    from bridgebench.conformance.harness import Harness

FIXTURE = "bridgebench_check"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the kit."""
    group = parser.getgroup("bridgebench", "conformance of bridgebench plugins")
    group.addoption(
        "--bridgebench-check",
        action="append",
        default=[],
        metavar="SPEC",
        help="check a plugin, name:option=value, or a task; without a path, nothing else is tested",
    )
    group.addoption(
        "--bridgebench-kind", default="", metavar="KIND", help="its kind, if several have the name"
    )
    group.addoption(
        "--bridgebench-task", default="", metavar="TASK", help="the task whose images are used"
    )


def pytest_configure(config: pytest.Config) -> None:
    """With checks asked for and no path named, leave the tests of the folder alone."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    if config.getoption("--bridgebench-check") and not named:
        config.args = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the checks that the command line asks for."""
    for spec in config.getoption("--bridgebench-check"):
        kind, task = (config.getoption(f"--bridgebench-{word}") for word in ("kind", "task"))
        parent = PluginChecks.from_parent(
            session, name=spec, nodeid=f"bridgebench/{spec}", checks=_checks(spec, kind, task)
        )
        items += parent.collect()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The checks of a Conformance class, as parameters of its test."""
    if FIXTURE not in metafunc.fixturenames or metafunc.cls is None:
        return
    cls = metafunc.cls
    if not getattr(cls, "spec", ""):
        raise pytest.UsageError(
            f"{cls.__name__} has no spec; give it the plugin to check, such as spec = 'euler'"
        )
    checks = _checks(cls.spec, cls.kind, cls.task)
    metafunc.parametrize(FIXTURE, checks, ids=[check.name for check in checks])


@pytest.fixture(scope="session")
def bridgebench_harness(pytestconfig: pytest.Config) -> Harness:
    """A task of few items and the runner; see bridgebench.conformance.harness."""
    from bridgebench.conformance.harness import make_harness
    from bridgebench.plugins.registry import load_registry

    return make_harness(load_registry(), pytestconfig.getoption("--bridgebench-task"))


class PluginChecks(pytest.Collector):
    """The checks of one plugin."""

    def __init__(self, *, checks: Sequence[BoundCheck], **rest: Any) -> None:
        # from_parent() hands name, parent and whatever else pytest's nodes take through here.
        super().__init__(**rest)
        self._checks = checks

    def collect(self) -> Iterator[pytest.Item]:
        """One item a check."""
        for check in self._checks:
            yield CheckItem.from_parent(self, name=check.name, check=check)


class CheckItem(pytest.Item):
    """A check as a test."""

    def __init__(self, *, check: BoundCheck, **rest: Any) -> None:
        super().__init__(**rest)
        self._check = check

    def runtest(self) -> None:
        """Run the check."""
        self._check()

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: TracebackStyle | None = None
    ) -> str | TerminalRepr:
        """What was expected and what came; the traceback of an exception inside the plugin."""
        error = excinfo.value
        if not isinstance(error, ConformanceError):
            return super().repr_failure(excinfo)
        return f"{error.trace}\n\n{error}" if error.trace else str(error)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What the report calls it: a place that its node id begins with, as pytest expects."""
        return self.config.rootpath / self.nodeid.partition("::")[0], None, self.name


def _checks(spec: str, kind: str, task: str) -> tuple[BoundCheck, ...]:
    from bridgebench.conformance.catalog import Wanted, bound_checks
    from bridgebench.errors import BridgebenchError
    from bridgebench.plugins.registry import load_registry

    try:
        return bound_checks(load_registry(), Wanted(spec, kind, task))
    except BridgebenchError as error:
        raise pytest.UsageError(str(error)) from error
