"""The conformance kit: checks that a plugin keeps what its kind promises.

Three ways to run them:

    bridgebench check SPEC                 a verdict on each check
    pytest --bridgebench-check SPEC        each check a test, in any folder
    class TestMine(Conformance)            the same among your own tests

From Python, `checks_of(kind)` of `bridgebench.conformance.catalog` gives the checks of a kind; each
is called with a plugin and a bench, and raises ConformanceError where it is not satisfied.
"""

from bridgebench.conformance.cases import Conformance
from bridgebench.conformance.check import BoundCheck, Check, ConformanceError

__all__ = ["BoundCheck", "Check", "Conformance", "ConformanceError"]
