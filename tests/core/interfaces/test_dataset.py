"""Items: images with who they are."""

import pytest
import torch
from hypothesis import given, settings, strategies as st

from bridgebench import InvalidOption, Items


def items_of(n: int) -> Items:
    images = torch.arange(float(n)).view(n, 1, 1, 1).expand(n, 3, 2, 2)
    return Items(images, tuple(f"test/{i}" for i in range(n)), tuple(f"d{i}" for i in range(n)))


@settings(deadline=None)
@given(n=st.integers(0, 20), size=st.integers(1, 8))
def test_batches_hold_each_item_once_and_in_order(n: int, size: int) -> None:
    items = items_of(n)
    batches = list(items.batches(size))
    assert [len(batch) for batch in batches[:-1]] == [size] * max(len(batches) - 1, 0)
    assert tuple(i for batch in batches for i in batch.ids) == items.ids
    assert tuple(d for batch in batches for d in batch.domains) == items.domains
    seen = [value for batch in batches for value in batch.images[:, 0, 0, 0].tolist()]
    assert seen == list(range(n))


def test_slice_shares_the_images() -> None:
    items = items_of(5)
    part = items.slice(1, 3)
    assert part.ids == ("test/1", "test/2")
    assert part.images.data_ptr() == items.images[1:].data_ptr()


@pytest.mark.parametrize(("ids", "domains"), [(("a",), ("d", "d")), (("a", "b"), ("d",))])
def test_items_without_one_id_and_domain_each_are_refused(
    ids: tuple[str, ...], domains: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidOption, match="one id and one domain an image: got 2 images"):
        Items(torch.zeros(2, 3, 2, 2), ids, domains)
