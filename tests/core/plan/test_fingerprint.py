"""The fingerprint: all that gives the numbers their meaning, and nothing that makes them."""

from importlib import resources

import pytest
from bridgebench_world.extractor import Channels
from bridgebench_world.images import World as Images

from bridgebench import generator
from bridgebench.files.canonical_json import digest
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plan.provenance import _draws
from bridgebench.plugins.registry import load_registry
from bridgebench_metrics.transport import Transport

REGISTRY = load_registry()
WORLD = (resources.files("bridgebench_world") / "world.yaml").read_text(encoding="utf-8")


def fingerprint(**words):
    return make_plan(REGISTRY, choices_of({"task": "world", **words})).fingerprint


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (Transport, "version", 2),
        (Transport, "libraries", ("numpy",)),
        (Channels, "sha256", lambda self: "1" * 64),
        (Images, "files", lambda self: {"pixels": "1" * 64}),
    ],
)
def test_the_fingerprint_is_of_all_that_gives_numbers_a_meaning(monkeypatch, owner, name, value):
    before = fingerprint(method="identity")
    monkeypatch.setattr(owner, name, value)
    assert fingerprint(method="identity") != before


def test_a_library_of_another_version_is_another_fingerprint(monkeypatch):
    before = fingerprint(method="identity", metric="kid")
    monkeypatch.setattr("bridgebench.plan.provenance._installed", lambda name: f"{name} 9.9")
    after = fingerprint(method="identity", metric="kid")
    assert after["metrics"]["kid"]["libraries"] == {"torch-fidelity": "torch-fidelity 9.9"}
    assert after != before


def test_draws_of_another_stream_are_another_fingerprint(monkeypatch):
    before = fingerprint(method="identity")
    _draws.cache_clear()
    monkeypatch.setattr(
        "bridgebench.plan.provenance.generator", lambda *_: generator(1, "other", "")
    )
    after = fingerprint(method="identity")
    _draws.cache_clear()
    assert after["draws"] != before["draws"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: world", "name: another"),
        ("source: {domain: red, unconditional: red", "source: {domain: green, unconditional: red"),
        ("unconditional: red", "unconditional: green"),
        (
            "domain: red, unconditional: red, split: test",
            "domain: red, unconditional: red, split: train",
        ),
        ("target: {domain: green", "target: {domain: red"),
        ("reference: train, held_out: test", "reference: test, held_out: train"),
        ("held_out: test}", "held_out: test, reference_in_training: true}"),
        ("low: -1.0", "low: -2.0"),
        ("within=150", "within=149"),
        ("batch: 4}", "batch: 4, precision: bf16}"),
    ],
)
def test_what_the_task_file_says_of_the_numbers_is_in_it(tmp_path, monkeypatch, old, new):
    monkeypatch.setattr("bridgebench.plan.machine.computes_bf16", lambda device: True)
    marks = []
    for number, text in enumerate((WORLD, WORLD.replace(old, new, 1))):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        marks.append(digest(fingerprint(task=str(path), method="identity")))
    assert old in WORLD
    assert marks[0] != marks[1]


def test_other_images_and_metrics_are_another_fingerprint():
    words = ({}, {"n": 9}, {"metric": "kid"}, {"metric": "success:label=1:within=20"})
    more = ({"precision": "bf16"},)
    marks = [digest(fingerprint(method="identity", **each)) for each in (*words, *more)]
    assert len(set(marks)) == 5


def test_what_makes_the_outputs_is_no_part_of_it():
    same = fingerprint(method="identity")
    assert fingerprint(method="ddib", solver="euler", nfe=6) == same
    assert fingerprint(method="random_target", seed=3, batch=2) == same


def test_a_summary_and_a_protocol_that_is_not_used_are_no_part_of_it(tmp_path):
    path = tmp_path / "world.yaml"
    path.write_text(WORLD.replace("summary: Reddish", "summary: Red").replace("n: 6,", "n: 5,"))
    assert fingerprint(task=str(path), method="identity") == fingerprint(method="identity")
