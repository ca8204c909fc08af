"""A check of the conformance kit: a function that is silent, or says what it expected and got."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bridgebench.errors import BridgebenchError, PluginError
from bridgebench.plugins.registry import Kind

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness

P = TypeVar("P")


class ConformanceError(PluginError):
    """A plugin that breaks its interface: what was expected, what came, where it is explained.

    >>> str(ConformanceError("order 2", "order 1.02"))
    'expected order 2; got order 1.02'
    """

    def __init__(self, expected: str, got: str, docs: str = "", trace: str = "") -> None:
        self.expected = expected
        self.got = got
        self.docs = docs
        self.trace = trace
        explained = f"; explained in {docs}" if docs else ""
        super().__init__(f"expected {expected}; got {got}{explained}")


class CellFailed(PluginError):
    """A cell that the runner could not run: the reason in its row, and where it was raised."""

    def __init__(self, reason: str, trace: str) -> None:
        self.trace = trace
        super().__init__(reason)


def require(met: bool, expected: str, got: object) -> None:
    """Raise ConformanceError unless `met`."""
    if not met:
        raise ConformanceError(expected, str(got))


@dataclass(frozen=True)
class Check(Generic[P]):
    """A check of one kind of plugin; call it with a plugin and a harness.

    function  takes a plugin and a harness, and raises ConformanceError where it is not satisfied
    """

    kind: Kind
    function: Callable[[P, Harness], None]

    @property
    def name(self) -> str:
        """What it is called, such as "batch-independence"."""
        return self.function.__name__.replace("_", "-")

    @property
    def what(self) -> str:
        """What it makes sure of, in one line."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    @property
    def docs(self) -> str:
        """Where in the docs it is explained."""
        return f"docs/how-to/write-a-{self.kind}.md#{self.name}"

    def __call__(self, plugin: P, harness: Harness) -> None:
        """Run it without gradients, as a run does; ConformanceError for whatever goes wrong."""
        import torch

        from bridgebench.files.one_line import one_line

        try:
            with torch.no_grad():
                self.function(plugin, harness)
        except ConformanceError as error:
            raise ConformanceError(error.expected, error.got, self.docs) from error
        except CellFailed as error:
            expected = _lowered(self.what)
            raise ConformanceError(expected, str(error), self.docs, error.trace) from error
        except BridgebenchError as error:
            raise ConformanceError(_lowered(self.what), str(error), self.docs) from error
        except Exception as error:
            came = one_line(f"{type(error).__name__}: {error}")
            trace = "".join(traceback.format_exception(error))
            raise ConformanceError(_lowered(self.what), came, self.docs, trace) from error


@dataclass(frozen=True)
class BoundCheck:
    """A check with the plugin that it is for; call it without arguments.

    make_harness  makes the harness, or gives the one there is
    """

    check: Check[Any]
    plugin: Any
    make_harness: Callable[[], Harness]

    @property
    def name(self) -> str:
        """The kind and the check, such as "solver-order"."""
        return f"{self.check.kind}-{self.check.name}"

    def __call__(self) -> None:
        """Run it; see Check."""
        self.check(self.plugin, self.make_harness())


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
