import pytest
import torch

from bridgebench_metrics.formulas.chunks import in_chunks, spans, tiles


@pytest.mark.parametrize("n", [1, 5, 64, 65])
@pytest.mark.parametrize("width", [1, 3, 100])
@pytest.mark.parametrize("numbers", [1, 7, 64, 10_000])
def test_spans_follow_each_other_within_the_limit(n: int, width: int, numbers: int) -> None:
    found = list(spans(n, width, numbers))
    assert [i for span in found for i in range(span.start, span.stop)] == list(range(n))
    for span in found:
        rows = span.stop - span.start
        assert rows == 1 or (rows * width <= numbers and rows * rows <= numbers)


def test_tiles_hold_each_pair_once() -> None:
    count = torch.zeros(13, 7)
    for rows, columns in tiles(13, 7, 2, numbers=9):
        count[rows, columns] += 1
        assert count[rows, columns].numel() <= 9
    assert (count == 1).all()


def test_chunks_are_the_features_in_order_and_in_float64() -> None:
    features = torch.randn(11, 3, generator=torch.Generator().manual_seed(0))
    order = torch.randperm(11, generator=torch.Generator().manual_seed(1))[:8]
    whole = torch.cat(list(in_chunks(features, numbers=9)))
    assert whole.dtype == torch.float64
    assert torch.equal(whole, features.double())
    assert torch.equal(torch.cat(list(in_chunks(features, order, 9))), features[order].double())
