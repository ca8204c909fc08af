"""Items of any shape and range: only images are drawn."""

import dataclasses
import math

import pytest
import torch

from bridgebench import InvalidOption, Items, Translation, UsageError
from bridgebench.execute.batches import SourceBatches
from bridgebench.execute.cell import strip_rows
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plugins.registry import load_registry
from bridgebench.tasks.task_file import parse_task

VECTOR_TASK = """
name: vectors
summary: Vectors without bounds and without an extractor.
dataset: world
source: {domain: red, unconditional: red, split: test}
target: {domain: green, reference: train, held_out: test}
item: {shape: [4]}
metrics: [transport]
primary: [transport]
ranked_by: transport
axes: {method: [identity]}
protocols:
  quick: {n: 4, nfe: [6], seeds: [0], batch: 4}
"""


def items_of(*shape):
    images = torch.arange(5.0).view(5, *[1] * len(shape)).expand(5, *shape)
    return Items(images, tuple("abcde"), ("red",) * 5)


@pytest.mark.parametrize(("shape", "drawn"), [((3, 2, 2), ["source", "output"]), ((7,), [])])
def test_only_images_are_drawn(shape, drawn):
    (filled,) = SourceBatches([items_of(*shape)], 5, 0, torch.device("cpu"))
    assert list(strip_rows(filled, Translation(filled.batch.images))) == drawn


def test_a_task_may_leave_out_range_and_extractor():
    task = parse_task(VECTOR_TASK, "vectors")
    assert (task.item.low, task.item.high) == (-math.inf, math.inf)
    assert task.extractor is None
    assert not task.item.is_image


def test_a_range_that_is_turned_round_is_refused():
    with pytest.raises(InvalidOption, match="low must be below high"):
        parse_task(VECTOR_TASK.replace("[4]", "[4], low: 1.0, high: -1.0"), "vectors")


FREE_TASK = VECTOR_TASK.replace("[4]", "[3, 32, 32]")
"""The items of `world`, without bounds and without an extractor."""


def plan_of(tmp_path, text, **words):
    path = tmp_path / "vectors.yaml"
    path.write_text(text)
    return make_plan(load_registry(), choices_of({"task": str(path), **words}))


def test_the_range_reaches_the_method_and_the_key_of_the_cell(tmp_path):
    free = plan_of(tmp_path, FREE_TASK)
    held = plan_of(tmp_path, FREE_TASK.replace("32]", "32], low: -2.0"))
    assert (held.setting.low, held.setting.high) == (-2.0, math.inf)
    assert dataclasses.replace(held.setting, low=-math.inf) == free.setting
    assert held.cells[0].identity == free.cells[0].identity
    assert held.cells[0].key != free.cells[0].key


def test_a_metric_that_needs_an_extractor_is_refused_where_there_is_none(tmp_path):
    with pytest.raises(UsageError, match="'fid' sees images with an extractor, and task vectors"):
        plan_of(tmp_path, FREE_TASK, metric="fid")


def test_a_task_that_misdescribes_its_items_is_refused(tmp_path):
    with pytest.raises(InvalidOption, match=r"shape \(4,\), but those of world have \(3, 32, 32\)"):
        plan_of(tmp_path, VECTOR_TASK)
    narrow = FREE_TASK.replace("32]", "32], low: 0.0, high: 1.0")
    with pytest.raises(InvalidOption, match=r"lie in \[0, 1\], but one of world"):
        plan_of(tmp_path, narrow)
    empty = FREE_TASK.replace("n: 4", "n: 41")
    with pytest.raises(InvalidOption, match="n=40 or less"):
        plan_of(tmp_path, empty)


def test_vectors_cannot_be_saved_as_images(tmp_path):
    with pytest.raises(InvalidOption, match="save=images needs items that are images"):
        plan_of(tmp_path, VECTOR_TASK, save="images")
