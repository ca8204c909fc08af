"""The fingerprint: all that gives the numbers their meaning, and nothing that makes them."""

import pytest
from bridgebench_world.extractor import Channels
from bridgebench_world.images import World

from bridgebench.canonical import digest
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.registry import load_registry
from bridgebench_metrics.transport import Transport

REGISTRY = load_registry()


def fingerprint(**words):
    return make_plan(REGISTRY, choices_of({"task": "world", **words})).fingerprint


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (Transport, "version", 2),
        (Channels, "sha256", lambda self: "1" * 64),
        (World, "files", lambda self: {"pixels": "1" * 64}),
    ],
)
def test_the_fingerprint_is_of_all_that_gives_numbers_a_meaning(monkeypatch, owner, name, value):
    before = fingerprint(method="identity")
    monkeypatch.setattr(owner, name, value)
    assert fingerprint(method="identity") != before


def test_other_images_and_metrics_are_another_fingerprint():
    marks = [
        digest(fingerprint(method="identity", **words))
        for words in ({}, {"n": 9}, {"metric": "kid"}, {"metric": "success:label=1:within=20"})
    ]
    assert len(set(marks)) == 4


def test_what_makes_the_outputs_is_no_part_of_it():
    same = fingerprint(method="identity")
    assert fingerprint(method="ddib", solver="euler", nfe=6, precision="bf16") == same
    assert fingerprint(method="random_target", seed=3, batch=2) == same
