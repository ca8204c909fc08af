"""The dataset and the method pass the conformance kit."""

from bridgebench.conformance.catalog import Wanted, bound_checks, verdicts
from bridgebench.execute.export import export_sources
from bridgebench.plan.choices import choices_of
from bridgebench.plugins.registry import load_registry


def wrong(spec, kind):
    checks = bound_checks(load_registry(), Wanted(spec, kind, "photos.yaml", "cpu"))
    return [str(error) for _, error in verdicts(checks) if error is not None]


def test_the_dataset_passes(photos):
    assert wrong("folder:path=photos", "dataset") == []
    assert wrong("folder:path=photos:side=6:channels=grey", "dataset") == []


def test_the_method_passes(photos):
    words = {"task": "photos.yaml", "out": "sources", "n": 6}
    export_sources(load_registry(), choices_of(words), lambda done, total: None)
    assert wrong("outputs:folder=sources:given=paired:label=copies", "method") == []


def test_the_task_passes(photos):
    assert wrong("photos.yaml", "") == []
