import math
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from bridgebench import BridgebenchError, Extracted, ItemMeter, Observed, Score


def no_extractor(spec: str, images: Tensor) -> Extracted:
    raise AssertionError(f"nobody should ask for {spec}")


def observe(output: Tensor, cycled: Tensor | None = None) -> Observed:
    ids = tuple(f"item/{i}" for i in range(len(output)))
    return Observed(torch.zeros_like(output), output, ids, cycled, no_extractor)


def brightest(observed: Observed) -> Mapping[str, Tensor]:
    return {"max": observed.output.amax(dim=(1, 2, 3)), "pixels": observed.output.flatten(1)}


def spread(values: Mapping[str, Tensor]) -> dict[str, Score]:
    largest, pixels = values["max"], values["pixels"]
    score = Score(largest.mean().item(), pixels.min().item(), pixels.max().item(), largest)
    return {"brightest": score}


def meter() -> ItemMeter:
    return ItemMeter(("max", "pixels"), brightest, spread)


def images(n: int) -> Tensor:
    return torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(n))


def assert_same(first: Score, second: Score) -> None:
    assert first[:3] == second[:3]
    assert first.items is not None
    assert second.items is not None
    assert torch.equal(first.items, second.items)


@pytest.mark.parametrize("cuts", [(10,), (3, 7), (1, 2, 3, 4)])
def test_batches_do_not_matter(cuts: tuple[int, ...]) -> None:
    whole, parts = meter(), meter()
    whole.update(observe(images(10)))
    for part in images(10).split(cuts):
        parts.update(observe(part))
    assert_same(parts.compute()["brightest"], whole.compute()["brightest"])


def test_many_small_batches_are_kept_in_a_few_pieces_in_their_order() -> None:
    whole, parts = meter(), meter()
    whole.update(observe(images(100)))
    for part in images(100).split(1):
        parts.update(observe(part))
    assert [len(piece) for piece in parts.values_max] == [64, 32, 4]
    assert_same(parts.compute()["brightest"], whole.compute()["brightest"])


def test_merged_meters_equal_the_whole() -> None:
    whole, first, second = meter(), meter(), meter()
    whole.update(observe(images(10)))
    first.update(observe(images(10)[:4]))
    second.update(observe(images(10)[4:]))
    second.merge_state(first)
    assert_same(second.compute()["brightest"], whole.compute()["brightest"])


def test_a_meter_of_gathered_states_still_computes() -> None:
    whole = meter()
    whole.update(observe(images(6)))
    gathered = meter()
    gathered.update(observe(images(6)))
    for name in ("values_max", "values_pixels"):
        setattr(gathered, name, torch.cat(getattr(gathered, name)))
    assert_same(gathered.compute()["brightest"], whole.compute()["brightest"])


def test_reset_forgets() -> None:
    used = meter()
    used.update(observe(images(5)))
    used.reset()
    used.update(observe(images(3)))
    score = used.compute()["brightest"]
    assert score.items is not None
    assert score.items.shape == (3,)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_outputs_that_are_not_finite_are_named(bad: float) -> None:
    output = images(3)
    output[1, 0, 2, 2] = bad
    with pytest.raises(BridgebenchError, match=r"^1 of 3 outputs hold NaN .*item/1\)"):
        meter().update(observe(output))
    with pytest.raises(BridgebenchError, match=r"^1 of 3 cycled outputs hold NaN"):
        meter().update(observe(images(3), cycled=output))


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
def test_nothing_seen_is_an_error() -> None:
    with pytest.raises(BridgebenchError, match="before it saw an image"):
        meter().compute()


def test_what_a_batch_shares_is_computed_once() -> None:
    batch, asked = observe(images(2)), []
    for _ in range(2):
        assert batch.once("answer", lambda: asked.append(1) or 42) == 42
    assert batch.once("other", lambda: 7) == 7
    assert asked == [1]
    assert observe(images(2)).once("answer", lambda: 43) == 43
