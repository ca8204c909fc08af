"""What plugins say of themselves when a plan is made, checked: a wrong answer names its plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from bridgebench.errors import PluginError
from bridgebench.interfaces.cell import Axis, Cell, Setting, Stage
from bridgebench.interfaces.method import Method, Supervision
from bridgebench.interfaces.metric import Column, Metric
from bridgebench.interfaces.score_model import ScoreModel
from bridgebench.isolation.calls import querying

T = TypeVar("T")


def checked_method(method: Method) -> Method:
    """The method; PluginError unless its facts are of the types that its row needs."""
    who = f"method '{method.name}'"
    with querying(who):
        hash(method)
        facts = {
            "supervision": isinstance(method.supervision, Supervision),
            "baseline": isinstance(method.baseline, bool),
            "axes": all(isinstance(axis, Axis) for axis in frozenset(method.axes)),
        }
    for name, right in facts.items():
        if not right:
            raise PluginError(f"{who} has a wrong `{name}`; see bridgebench.Method for its type")
    return method


def skip_reason_of(cell: Cell, setting: Setting) -> str:
    """Why a cell cannot be run, or ""."""
    who = f"method '{cell.method.name}'"
    with querying(who):
        reason: object = cell.method.skip_reason(cell, setting)
    if not isinstance(reason, str):
        raise PluginError(f"{who} gave a {type(reason).__name__} as skip_reason(), expected text")
    return reason


def fit_stage_of(cell: Cell, setting: Setting) -> Stage | None:
    """The stage of the fit of a cell, or None."""
    who = f"method '{cell.method.name}'"
    with querying(who):
        stage: object = cell.method.fit_stage(cell, setting)
    if not isinstance(stage, Stage | None):
        raise PluginError(f"{who} gave a {type(stage).__name__} as fit_stage(), expected a Stage")
    return stage


def shared_stages_of(cell: Cell, setting: Setting) -> tuple[Stage, ...]:
    """The shared stages of a cell, in order."""
    who = f"method '{cell.method.name}'"
    with querying(who):
        return _all(Stage, cell.method.shared_stages(cell, setting), f"{who} gave shared_stages()")


def evaluations_of(cell: Cell) -> int:
    """The network evaluations of an image that a method expects in `translate`."""
    who = f"method '{cell.method.name}'"
    with querying(who):
        expected: object = cell.method.evaluations(cell)
    if not isinstance(expected, int):
        raise PluginError(f"{who} gave a {type(expected).__name__} as evaluations(), expected int")
    return expected


def samples_of(metric: Metric) -> int:
    """How many outputs of each source a metric wants of a stochastic method."""
    who = f"metric '{metric.name}'"
    with querying(who):
        samples: object = metric.samples
    if not isinstance(samples, int) or samples < 1:
        raise PluginError(f"{who} has {samples!r:.40} as samples, expected 1 or more")
    return samples


def training_domains_of(cell: Cell, setting: Setting) -> tuple[str, ...]:
    """The domains whose training images a method uses."""
    who = f"method '{cell.method.name}'"
    with querying(who):
        return _all(str, cell.method.training_domains(setting), f"{who} gave training_domains()")


def check_domains(cells: Sequence[Cell], setting: Setting) -> None:
    """Ask each score model for the domains that methods will ask of it, and for its files."""
    asked: set[tuple[ScoreModel, str]] = set()
    for cell in cells:
        who = f"method '{cell.method.name}'"
        with querying(who):
            for score, domain in cell.method.required_domains(cell, setting):
                if not (isinstance(score, ScoreModel) and isinstance(domain, str)):
                    raise PluginError(
                        f"{who} gave required_domains() that are no score models with domains"
                    )
                asked.add((score, domain))
    for score, domain in sorted(asked, key=lambda pair: (pair[0].spec, pair[1])):
        with querying(f"score model '{score.name}'"):
            score.check_domain(domain)
    for score in {score.spec: score for score, _ in asked}.values():
        with querying(f"score model '{score.name}'"):
            score.files()


def columns_of(metric: Metric) -> tuple[Column, ...]:
    """The columns of a metric."""
    who = f"metric '{metric.name}'"
    with querying(who):
        return _all(Column, metric.columns(), f"{who} gave columns()")


def extractors_of(metric: Metric, default: str) -> tuple[str, ...]:
    """The specs of the extractors of a metric; `default` is the task's own."""
    who = f"metric '{metric.name}'"
    with querying(who):
        return _all(str, metric.extractors(default), f"{who} gave extractors()")


def _all(kind: type[T], given: object, what: str) -> tuple[T, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise PluginError(f"{what} of type {type(given).__name__}, expected a tuple")
    for each in given:
        if not isinstance(each, kind):
            raise PluginError(
                f"{what} with a {type(each).__name__} in it, expected {kind.__name__}"
            )
    return tuple(given)
