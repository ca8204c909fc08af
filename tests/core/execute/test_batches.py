"""Source images in batches: filled up, in order, whether they are in memory or in a file."""

import pytest
import torch

from bridgebench import Items
from bridgebench.execute.batches import SourceBatches

CPU = torch.device("cpu")


def items_of(*shape):
    images = torch.arange(5.0).view(5, *[1] * len(shape)).expand(5, *shape)
    return Items(images, tuple("abcde"), ("red", "red", "green", "green", "red"))


@pytest.mark.parametrize("held", [0, 10**6])
@pytest.mark.parametrize("shape", [(3, 2, 2), (7,), (2, 3)])
def test_a_short_batch_is_filled_up_with_its_first_item_whatever_its_shape(shape, held):
    batches = SourceBatches(items_of(*shape).batches(3), 3, 1, CPU, held)
    whole, last = batches
    assert (whole.real, last.real) == (3, 2)
    assert (batches.wanted, batches.seen) == (5, 6)
    assert last.batch.images.shape == (3, *shape)
    assert last.batch.images.flatten(1)[:, 0].tolist() == [3.0, 4.0, 3.0]
    assert last.batch.ids == last.batch.draw.ids == ("d", "e", "d")
    assert last.batch.domains == ("green", "red", "green")
    assert last.batch.draw.seed == 1
    assert whole.batch.images.flatten(1)[:, 0].tolist() == [0.0, 1.0, 2.0]
    assert whole.batch.ids == ("a", "b", "c")


def test_parts_are_taken_one_after_the_other():
    taken = []

    def parts():
        for part in items_of(2).batches(2):
            taken.append(part.ids)
            yield part

    batches = SourceBatches(parts(), 2, 0, CPU, held=0)
    assert taken == [("a", "b"), ("c", "d"), ("e",)]
    assert [each.batch.ids[0] for each in batches[1:]] == ["c", "e"]
