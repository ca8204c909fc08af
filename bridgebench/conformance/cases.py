"""The checks of the kit as a test class for plugin authors."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from bridgebench.conformance.check import BoundCheck


class Conformance:
    """Subclass it in a test module, and every check of the kit is a test of your plugin.

        from bridgebench.conformance import Conformance

        class TestMidpoint(Conformance):
            spec = "midpoint"

    The plugin has to be installed (`pip install -e .`), as its name is looked up like anybody's.
    """

    spec: ClassVar[str]
    """The plugin with its options, such as "scale:c=0.8"."""

    kind: ClassVar[str] = ""
    """Its kind, where several kinds have a plugin of that name."""

    task: ClassVar[str] = ""
    """The task whose images it is tried with, where the one that is chosen does not fit."""

    def test_conforms(self, bridgebench_check: BoundCheck) -> None:
        """One check; ConformanceError says what was expected and what came."""
        bridgebench_check()
