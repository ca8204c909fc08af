"""What metrics of features hold at once, when there are more numbers than in a chunk."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from bridgebench_metrics.fid import Fid
from bridgebench_metrics.formulas.frechet import gaussian
from bridgebench_metrics.formulas.kernel import blocks_of, kernel_distance
from bridgebench_metrics.formulas.pairwise import mean_pairwise_distance
from bridgebench_metrics.formulas.thumbnails import has_twin, nearest_distance
from bridgebench_metrics.precision_recall import DISTANCES, PrecisionRecall


class Largest(TorchDispatchMode):
    """How many numbers the largest tensor of a type has that an operation gives."""

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.dtype = dtype
        self.numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor) and leaf.dtype == self.dtype:
                self.numbers = max(self.numbers, leaf.numel())
        return out


def draw(n: int, width: int, seed: int) -> Tensor:
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def test_fid_makes_no_copy_of_the_features(feature_bench: Any, score: Callable[..., Any]) -> None:
    n, width = 40_000, 32
    outputs, real = draw(n, width, 1), draw(n, width, 2)
    with Largest() as largest:
        scores = score(Fid(), feature_bench(real, real), outputs)
    assert scores["fid_infinity"].value is not None
    assert n <= largest.numbers < n * width / 10


@pytest.mark.parametrize(
    "measure",
    [
        lambda x, y: mean_pairwise_distance(x, 4096),
        lambda x, y: gaussian(x, 4096),
    ],
    ids=["diversity", "gaussian"],
)
def test_what_is_made_of_features_is_no_larger_than_a_tile(measure: Callable[..., Any]) -> None:
    x, y = draw(1500, 8, 1), draw(1600, 8, 2)
    with Largest() as largest:
        measure(x, y)
    assert 0 < largest.numbers <= 2 * 4096 < 1500 * 1500 / 10


def test_precision_and_recall_hold_a_part_of_the_distances(
    feature_bench: Any, score: Callable[..., Any]
) -> None:
    n = 4000
    outputs, real = draw(n, 4, 1), draw(n, 4, 2)
    with Largest() as largest:
        scores = score(PrecisionRecall(), feature_bench(real, real), outputs)
    assert scores["feature_precision"].value > 0.5
    assert largest.numbers <= DISTANCES < n * n


def test_the_nearest_image_is_found_in_tiles_of_distances() -> None:
    known, queries = draw(1500, 16, 1).float(), draw(1400, 16, 2).float()
    with Largest(torch.float32) as largest:
        nearest_distance(queries, known, 4096)
    assert largest.numbers <= 1500 * 16


def test_twins_are_found_in_tiles_of_distances() -> None:
    with Largest() as largest:
        has_twin(draw(1500, 16, 1), 0.1, 4096)
    assert 0 < largest.numbers <= 2 * 4096


def test_kid_holds_a_few_tiles_of_the_kernel() -> None:
    x, y = draw(1500, 4, 1).numpy(), draw(4500, 4, 2).numpy()
    kernel_distance(x[:10], blocks_of(y, 10))  # imports
    tracemalloc.start()
    try:
        kernel_distance(x, blocks_of(y, 1500, 4096), 4096)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * 4096 * 8 < 1500 * 1500 * 8 / 10
