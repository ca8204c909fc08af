"""Source images in batches: filled up, in order, whether they are in memory or in a file."""

import pytest
import torch

from bridgebench import Draw, InvalidOption, Items, PluginError
from bridgebench.execute.batches import SourceBatches
from bridgebench.toolkit.randomness import derangement

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


@pytest.mark.parametrize("held", [0, 10**6])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_partners_are_those_of_the_derangement_whatever_the_batches(size, held):
    items = items_of(2)
    batches = SourceBatches(items.batches(size), size, 3, CPU, held)
    order = derangement(3, 5)
    found = batches.partners(items.ids)
    assert found.ids == tuple(items.ids[place] for place in order)
    assert found.domains == tuple(items.domains[place] for place in order)
    assert torch.equal(found.images, items.images[list(order)])
    assert batches.partners(("d", "a")).ids == (found.ids[3], found.ids[0])


def test_the_permuted_batch_is_drawn_for_as_a_batch_of_its_own():
    batches = SourceBatches(items_of(2).batches(3), 3, 3, CPU)
    own, other = batches[1].batch, batches.permuted(batches[1].batch)
    assert not any(mine == theirs for mine, theirs in zip(own.ids, other.ids, strict=True))
    assert other.draw == Draw(3, other.ids)
    assert other.ids[2] == other.ids[0], "an item that fills up has the partner of its twin"
    with torch.inference_mode():
        assert not batches.permuted(own).images.is_inference()


def test_a_run_of_one_image_has_no_partners():
    batches = SourceBatches(items_of(2).batches(1), 1, 0, CPU)
    alone = SourceBatches([batches.partners(("a",))], 1, 0, CPU)
    with pytest.raises(InvalidOption, match="1 source image has no other"):
        alone.partners(batches.partners(("a",)).ids)
