"""A check of the conformance kit: a function that is silent, or says what it expected and got."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bridgebench.errors import PluginError
from bridgebench.plugins.registry import Kind

if TYPE_CHECKING:
    from bridgebench.conformance.bench import Bench

P = TypeVar("P")


class ConformanceError(PluginError):
    """A plugin that breaks its interface: what was expected, what came, where it is explained.

    >>> str(ConformanceError("order 2", "order 1.02"))
    'expected order 2; got order 1.02'
    """

    def __init__(self, expected: str, got: str, docs: str = "") -> None:
        self.expected = expected
        self.got = got
        self.docs = docs
        explained = f"; explained in {docs}" if docs else ""
        super().__init__(f"expected {expected}; got {got}{explained}")


def require(met: bool, expected: str, got: object) -> None:
    """Raise ConformanceError unless `met`."""
    if not met:
        raise ConformanceError(expected, str(got))


@dataclass(frozen=True)
class Check(Generic[P]):
    """A check of one kind of plugin; call it with a plugin and a bench.

    function  takes a plugin and a bench, and raises ConformanceError where it is not satisfied
    """

    kind: Kind
    function: Callable[[P, Bench], None]

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

    def __call__(self, plugin: P, bench: Bench) -> None:
        """Run it as a run would, without gradients; ConformanceError for whatever goes wrong."""
        import torch

        from bridgebench.files.one_line import one_line

        try:
            with torch.inference_mode():
                self.function(plugin, bench)
        except ConformanceError as error:
            raise ConformanceError(error.expected, error.got, self.docs) from error
        except Exception as error:
            came = one_line(f"{type(error).__name__}: {error}")
            raise ConformanceError(_lowered(self.what), came, self.docs) from error


@dataclass(frozen=True)
class BoundCheck:
    """A check with the plugin that it is for; call it without arguments.

    make_bench  makes the bench, or gives the one there is
    """

    check: Check[Any]
    plugin: Any
    make_bench: Callable[[], Bench]

    @property
    def name(self) -> str:
        """The kind and the check, such as "solver-order"."""
        return f"{self.check.kind}-{self.check.name}"

    def __call__(self) -> None:
        """Run it; see Check."""
        self.check(self.plugin, self.make_bench())


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
