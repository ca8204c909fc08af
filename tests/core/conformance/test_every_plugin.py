"""Every plugin that is installed passes the kit, in each setting that a task gives it."""

from collections.abc import Iterator

import pytest

from bridgebench.conformance import solver as solver_checks
from bridgebench.conformance.catalog import Wanted, bound_checks, verdicts
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import expand_all
from bridgebench.tasks.lookup import task_of

REGISTRY = load_registry()
ON_A_FLOW = "dpm:spacing=time_uniform"
"""A setting that the tasks give to a flow alone, whose noise levels are 0.01 to 1."""
CORE = "bridgebench"
NEEDS_A_FILE = "inception"
"""The one built-in whose weights are no part of the package."""


def installed() -> Iterator[tuple[Kind, str]]:
    """Kind and spec of each built-in: as the tasks spell it, and by its bare name."""
    tasks = [
        task_of(entry)
        for entry in REGISTRY.entries[Kind.TASK].values()
        if entry.source.distribution == CORE
    ]
    own: dict[Kind, set[str]] = {kind: set() for kind in Kind}
    for task in tasks:
        own[Kind.METHOD] |= set(task.methods)
        own[Kind.SOLVER] |= set(task.solvers)
        own[Kind.METRIC] |= set(task.metrics)
        own[Kind.DATASET].add(task.dataset)
        own[Kind.SCORE] |= set(task.score_models)
        own[Kind.TRANSFORM] |= {link for chain in task.transforms for link in chain.split("+")}
        own[Kind.TASK].add(task.name)
    for kind in Kind:
        specs = own[kind] if kind is Kind.TASK else expand_all(REGISTRY, kind, sorted(own[kind]))
        for spec in sorted(set(specs) - {NEEDS_A_FILE}):
            if REGISTRY.entry(kind, spec.partition(":")[0]).source.distribution == CORE:
                yield kind, spec


@pytest.mark.parametrize(("kind", "spec"), list(installed()))
def test_a_built_in_passes(kind, spec, monkeypatch):
    if spec == ON_A_FLOW:
        monkeypatch.setattr(solver_checks, "LOW", 0.01)
        monkeypatch.setattr(solver_checks, "HIGH", 1.0)
    checks = bound_checks(REGISTRY, Wanted(spec, kind, device="cpu"))
    assert [str(error) for _, error in verdicts(checks) if error is not None] == []


@pytest.mark.parametrize("spec", ["ddib", "ddib_single", "random_latent", "random_target"])
def test_a_method_passes_in_a_world_with_exact_answers(spec):
    checks = bound_checks(REGISTRY, Wanted(spec, "method", "world", "cpu"))
    assert [str(error) for _, error in verdicts(checks) if error is not None] == []


def test_an_extractor_without_its_weights_says_where_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    checks = bound_checks(REGISTRY, Wanted(NEEDS_A_FILE, device="cpu"))
    errors = {check.name: str(error) for check, error in verdicts(checks) if error is not None}
    assert "extractor-options" not in errors
    assert "got no Inception weights at" in errors["extractor-sha256"]
