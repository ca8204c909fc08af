"""Chance columns: the same metric on the same outputs, beside sources that are not theirs."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import Column, Extracted, ItemMeter, Items, Metric, Observed, Score
from bridgebench.execute.scoring import Scorer
from bridgebench.plan.chance import chance_column, chance_name, with_chance, without_chance

COMPARED = Column("gap", "pixel", "lower", "mean gap", 0.0, 9.0, interval=True, chance=True)
ALONE = Column("level", "pixel", "", "mean level")
N = 6
PARTNER = (2, 0, 1, 5, 3, 4)


class Gap(Metric):
    """What a third party writes: no word of chance but in its column."""

    name: ClassVar[str] = "gap"

    def columns(self) -> tuple[Column, ...]:
        return (COMPARED, ALONE)

    def meter(self, context: object) -> ItemMeter:
        def measure(observed: Observed) -> Mapping[str, Tensor]:
            level = observed.once("level", lambda: looked_at(observed.output))
            seen = observed.extract("eye").features[:, 0]
            source = observed.source.flatten(1).mean(dim=1)
            numbers = torch.tensor([float(name) for name in observed.ids])
            assert torch.equal(source, numbers), "the ids are those of the sources"
            return {"gap": (source - level).abs(), "level": seen}

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            gap = values["gap"]
            return {
                "gap": Score(gap.mean().item(), 0.0, 9.0, items=gap),
                "level": Score(values["level"].mean().item()),
            }

        return ItemMeter(("gap", "level"), measure, summarize)


LOOKS: list[int] = []


def looked_at(images: Tensor) -> Tensor:
    """The mean of each image; notes how many were looked at."""
    LOOKS.append(len(images))
    return images.flatten(1).mean(dim=1)


class Extractors:
    """Sees the mean of an image, and counts how many images it was shown."""

    seen = 0

    def extract(self, spec: str, images: Tensor) -> Extracted:
        self.seen += len(images)
        return Extracted(images.flatten(1).mean(dim=1, keepdim=True), None)


class Reference:
    """As much of a context as the scorer asks for."""

    def __init__(self, n: int = N) -> None:
        self.n = n


def images_of(numbers: Sequence[int]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def partners(ids: Sequence[str]) -> Items:
    numbers = [PARTNER[int(name)] for name in ids]
    return Items(images_of(numbers), tuple(map(str, numbers)), ("a",) * len(ids))


def scores(size: int, extractors: Extractors, n: int = N) -> dict[str, Score]:
    """The sources kept, taken in by batches of `size`."""
    scorer = Scorer((Gap(),), Reference(n), extractors, partners)
    for start in range(0, n, size):
        numbers = range(start, min(start + size, n))
        images = images_of(numbers)
        items = Items(images, tuple(map(str, numbers)), ("a",) * len(numbers))
        scorer.update(items, images)
    return scorer.compute()


@pytest.mark.parametrize("size", [1, 4, N])
def test_the_chance_value_is_the_metric_beside_the_partners(size: int) -> None:
    LOOKS.clear()
    extractors = Extractors()
    found = scores(size, extractors)
    assert found["gap"].value == 0.0
    expected = sum(abs(other - own) for own, other in enumerate(PARTNER)) / N
    assert found["gap_chance"] == Score(pytest.approx(expected))
    assert set(found) == {"gap", "gap_chance", "level"}
    assert extractors.seen == sum(LOOKS) == N, "what is seen of the outputs is seen once"


def test_a_run_of_one_image_has_no_chance_value() -> None:
    found = scores(1, Extractors(), n=1)
    assert set(found) == {"gap", "level"}


def test_a_chance_column_is_derived_from_the_one_that_it_belongs_to() -> None:
    derived = Column("gap_chance", "pixel", "", chance_column(COMPARED).description, 0.0, 9.0)
    assert with_chance((COMPARED, ALONE)) == (COMPARED, derived, ALONE)
    assert derived.name == chance_name("gap")


def test_only_what_is_derived_is_taken_out_again() -> None:
    other = Column("gap_chance", "pixel", "", "somebody else's column")
    assert without_chance((COMPARED, chance_column(COMPARED), ALONE)) == (COMPARED, ALONE)
    assert without_chance((COMPARED, other)) == (COMPARED, other)
