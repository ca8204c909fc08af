"""Source images in batches: filled up, in order, whether they are in memory or in a file."""

import pytest
import torch

from bridgebench import Items, PluginError
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


def part(count, dtype=torch.float32):
    names = tuple(f"{number}" for number in range(count))
    return Items(torch.zeros(count, 2, dtype=dtype), names, ("red",) * count)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([part(3)], "a part of 3 items, expected parts of 2"),
        ([part(0)], "a part of 0 items, expected parts of 2"),
        ([part(2), part(1), part(2)], "a part of 2 items after a short one"),
        ([part(2, torch.float64)], "items of torch.float64, expected torch.float32"),
    ],
)
def test_parts_that_were_not_asked_for_are_refused(parts, said):
    with pytest.raises(PluginError, match=said):
        SourceBatches(parts, 2, 0, CPU)


@pytest.mark.parametrize("held", [0, 10**6])
def test_gradients_can_be_taken_of_every_batch_of_a_run(held):
    batches = SourceBatches(items_of(2).batches(3), 3, 0, CPU, held)
    with torch.inference_mode():
        assert not any(each.batch.images.is_inference() for each in batches)
