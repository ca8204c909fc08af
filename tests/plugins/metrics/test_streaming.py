"""No metric holds the images of a population: it asks for them a batch at a time."""

import weakref
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor

from bridgebench import Items, Population
from bridgebench.interfaces.metric import POPULATION_BATCH
from bridgebench_metrics import hooks

MANY = 4 * POPULATION_BATCH + 3
OF_PIXELS = ("swd", "memorization", "duplicates")
OF_FEATURES = ("fid", "kid", "precision_recall", "diversity")


class Streamed:
    """Images that are made a batch at a time, and how many batches were alive at most."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.alive: weakref.WeakSet[Tensor] = weakref.WeakSet()
        self.most = 0

    def __len__(self) -> int:
        return MANY

    def batches(self, size: int) -> Iterator[Items]:
        drawn = torch.Generator().manual_seed(self.seed)
        for start in range(0, MANY, size):
            n = min(size, MANY - start)
            images = torch.rand(n, 3, 8, 8, generator=drawn) * 2 - 1
            self.alive.add(images)
            self.most = max(self.most, len(self.alive))
            yield Items(images, ("",) * n, ("",) * n)


@pytest.mark.parametrize("name", [*OF_PIXELS, *OF_FEATURES])
def test_a_batch_at_a_time_gives_what_all_images_give(bench: Any, name: str) -> None:
    streams = {"reference": Streamed(1), "held_out": Streamed(2)}
    whole = {
        split: torch.cat([part.images for part in stream.batches(POPULATION_BATCH)])
        for split, stream in streams.items()
    }
    module, _, attribute = str(hooks.bridgebench_metrics()[name]).partition(":")
    metric = getattr(import_module(module), attribute)()
    outputs = torch.rand(40, 3, 8, 8, generator=torch.Generator().manual_seed(3)) * 2 - 1

    def scores(context: Any) -> Any:
        meter = metric.meter(context)
        meter.update(context.observe(outputs))
        return {column: score[:3] for column, score in meter.compute().items()}

    class StreamingBench(bench):  # type: ignore[misc]
        def population(self, name: str, images: Tensor) -> Population:
            plain = super().population(name, images)
            return Population(streams[name.replace(" ", "_")], plain.extract, plain.once)

    for stream in streams.values():
        stream.most = 0
    streaming = scores(StreamingBench(whole["reference"], whole["held_out"]))
    assert streaming == scores(bench(whole["reference"], whole["held_out"]))
    most = max(stream.most for stream in streams.values())
    assert most <= 2 if name in OF_PIXELS else most == 0
