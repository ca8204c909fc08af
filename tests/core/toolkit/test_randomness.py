"""Draws depend on (seed, purpose, item id) and on nothing else."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from bridgebench import Draw, InvalidOption, generator, normal, uniform
from bridgebench.toolkit.randomness import derangement

IDS = tuple(f"test/{i:05d}" for i in range(64))
PINNED_UNIFORM = 0.5533333813101905
PINNED_NORMAL = [1.0982643, 0.0637875, 1.7917203]


@settings(deadline=None, max_examples=25)
@given(order=st.permutations(range(8)), size=st.integers(1, 8))
def test_draws_do_not_depend_on_order_or_batch(order: list[int], size: int) -> None:
    whole = normal(0, "noise", IDS[:8], (2, 3))
    numbers = uniform(0, "noise", IDS[:8])
    for start in range(0, 8, size):
        picked = order[start : start + size]
        draw = Draw(seed=0, ids=tuple(IDS[i] for i in picked))
        assert torch.equal(draw.each("noise", (2, 3)), whole[picked])
        assert torch.equal(draw.uniform("noise"), numbers[picked])


def test_seed_purpose_and_item_each_give_another_stream() -> None:
    base = generator(0, "noise", "test/00001").random(4)
    for other in (
        generator(1, "noise", "test/00001"),
        generator(0, "hue", "test/00001"),
        generator(0, "noise", "test/00002"),
    ):
        assert not np.any(other.random(4) == base)


def test_parts_of_the_key_do_not_run_into_each_other() -> None:
    one = generator(1, "1a", "b").random()
    assert one != generator(11, "a", "b").random()
    assert one != generator(1, "1", "ab").random()


@pytest.mark.parametrize("shape", [(1,), (3, 5, 7), (3, 32, 32)])
def test_the_draws_of_a_batch_are_those_of_each_items_stream_bit_for_bit(
    shape: tuple[int, ...],
) -> None:
    """An odd number of draws leaves half a word in a stream, of which the next has nothing."""
    streams = [generator(7, "noise", item_id) for item_id in IDS]
    alone = [stream.standard_normal(shape, dtype=np.float32) for stream in streams]
    assert normal(7, "noise", IDS, shape).numpy().tobytes() == np.stack(alone).tobytes()
    numbers = [generator(7, "noise", item_id).random() for item_id in IDS]
    assert uniform(7, "noise", IDS).tolist() == numbers


def test_numbers_are_pinned() -> None:
    assert generator(0, "hue", "test/00001").random() == PINNED_UNIFORM
    got = normal(0, "noise", ("test/00001",), (3,))[0].tolist()
    assert got == pytest.approx(PINNED_NORMAL, rel=1e-6)


def test_normal_draws_have_unit_moments() -> None:
    draws = normal(0, "noise", IDS, (3, 16, 16))
    assert draws.dtype == torch.float32
    n = draws.numel()
    assert abs(draws.mean().item()) < 4 / n**0.5
    assert abs(draws.var().item() - 1) < 4 * (2 / n) ** 0.5


def test_uniform_draws_fill_the_unit_interval() -> None:
    draws = uniform(0, "pick", tuple(map(str, range(2000))))
    assert draws.dtype == torch.float64
    assert draws.min() >= 0
    assert draws.max() < 1
    counts = torch.histc(draws, bins=10, min=0, max=1)
    assert ((counts - 200).square() / 200).sum() < 27.9  # chi-squared, 9 degrees, p = 0.001


def test_shared_draw_is_the_same_for_every_batch_of_a_seed() -> None:
    one, other = Draw(seed=0, ids=IDS[:2]), Draw(seed=0, ids=IDS[5:9])
    assert torch.equal(one.shared("noise", (3, 2)), other.shared("noise", (3, 2)))
    assert one.shared("noise", (3, 2)).shape == (3, 2)
    assert not torch.equal(
        one.shared("noise", (3, 2)), Draw(seed=1, ids=IDS[:2]).shared("noise", (3, 2))
    )


def test_draw_for_no_items_is_empty() -> None:
    assert Draw(seed=0, ids=()).each("noise", (3, 2)).shape == (0, 3, 2)
    assert Draw(seed=0, ids=()).uniform("noise").shape == (0,)


@pytest.mark.parametrize("n", [2, 3, 7, 128])
def test_a_derangement_moves_every_number_and_follows_from_seed_and_n(n: int) -> None:
    for seed in range(20):
        order = derangement(seed, n)
        assert sorted(order) == list(range(n))
        assert all(place != number for place, number in enumerate(order))
        assert order == derangement(seed, n)


def test_every_derangement_is_as_likely() -> None:
    found = Counter(derangement(seed, 4) for seed in range(900))
    assert len(found) == 9
    assert all(60 <= count <= 145 for count in found.values()), "100 each, give or take 4.5 sd"


@pytest.mark.parametrize("n", [0, 1])
def test_one_item_has_no_other_to_change_places_with(n: int) -> None:
    with pytest.raises(InvalidOption, match="give n=2"):
        derangement(0, n)
