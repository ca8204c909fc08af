"""Real images are streamed, and what is computed of them is kept under a checksum."""

import weakref
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import Dataset, Extracted, Extractor, Items, PluginError
from bridgebench.execute.features import Extractors
from bridgebench.execute.reference import Reference
from bridgebench.interfaces.metric import POPULATION_BATCH
from bridgebench.plugins.registry import load_registry
from bridgebench.tasks.lookup import find_task

MANY = 5 * POPULATION_BATCH + 7
ALIVE: "weakref.WeakSet[Tensor]" = weakref.WeakSet()


class Endless(Dataset):
    """More items than may be in memory; notes the batches that it is asked for."""

    name: ClassVar[str] = "endless"
    domains: ClassVar[tuple[str, ...]] = ("red", "green")
    splits: ClassVar[tuple[str, ...]] = ("train", "test")
    short: bool = False

    asked: ClassVar[list[int]] = []
    most: ClassVar[list[int]] = []

    def size(self, domain: str, split: str) -> int:
        return MANY

    def class_domains(self, domain: str) -> tuple[str, ...]:
        return (domain,)

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        raise AssertionError("nobody should ask for all items at once")

    def stream(self, domain: str, split: str, n: int, seed: int, size: int) -> Iterator[Items]:
        self.asked.append(size)
        for start in range(0, n - self.short, size):
            places = torch.arange(start, min(start + size, n - self.short))
            images = places.float().view(-1, 1, 1, 1).expand(-1, 3, 2, 2).clone() + seed
            ALIVE.add(images)
            self.most.append(len(ALIVE))
            yield Items(images, tuple(map(str, places.tolist())), (domain,) * len(places))

    def files(self) -> dict[str, str]:
        return {}


class Mean(Extractor):
    """The mean of an image; notes how many images it is shown at once."""

    name: ClassVar[str] = "mean"
    shown: ClassVar[list[int]] = []

    def sha256(self) -> str:
        return "0" * 64

    def load(self, device: torch.device) -> Any:
        def see(images: Tensor) -> Extracted:
            self.shown.append(len(images))
            return Extracted(images.flatten(1).mean(dim=1, keepdim=True), None)

        return see


@pytest.fixture
def reference() -> Reference:
    for notes in (Endless.asked, Endless.most, Mean.shown):
        notes.clear()
    return context_of(Endless())


def context_of(dataset: Dataset, seed: int = 3) -> Reference:
    extractors = Extractors({"mean": Mean()}, torch.device("cpu"))
    return Reference(find_task(load_registry(), "world"), dataset, extractors, 10, seed)


def brightness(images: Tensor) -> Tensor:
    return images.mean(dim=(1, 2, 3))


def test_no_more_than_a_batch_is_in_memory(reference: Reference) -> None:
    for population in (reference.reference(), reference.held_out()):
        assert len(population) == MANY
        population.extract("mean")
        population.each("brightness", brightness)
        assert sum(len(part) for part in population.batches()) == MANY
    assert set(Endless.asked) == {POPULATION_BATCH}
    assert max(Mean.shown) == POPULATION_BATCH
    assert max(Endless.most) <= 2, "the batch in use and the one that is made"


def test_results_are_those_of_all_images_in_order(reference: Reference) -> None:
    places = torch.arange(MANY).float()
    population = reference.held_out()
    assert torch.equal(population.extract("mean").features[:, 0], places + 3)
    assert torch.equal(population.each("brightness", brightness), places + 3)
    assert torch.equal(reference.reference().each("brightness", brightness), places)


def test_each_result_is_computed_once(reference: Reference) -> None:
    for _ in range(3):
        reference.reference().extract("mean")
        reference.reference().each("brightness", brightness)
    assert len(Endless.asked) == 2
    reference.reference().each("another", brightness)
    assert len(Endless.asked) == 3


def test_seeds_share_what_is_computed_of_the_reference(reference: Reference) -> None:
    reference.reference().each("brightness", brightness)
    other = context_of(Endless())
    other = Reference(
        other.task, other.dataset, other.extractors, 10, seed=4, of_run=reference.of_run
    )
    other.reference().each("brightness", brightness)
    assert len(Endless.asked) == 1
    other.reference().each("brightness", brightness).add_(1)
    assert not other.intact()


@pytest.mark.parametrize(
    "shared",
    [
        lambda reference: reference.reference().extract("mean").features,
        lambda reference: reference.held_out().extract("mean").features,
        lambda reference: reference.reference().each("brightness", brightness),
        lambda reference: reference.held_out().each("brightness", brightness),
        lambda reference: reference.once("three", lambda: {"deep": [torch.zeros(3)]})["deep"][0],
    ],
)
def test_what_is_shared_and_modified_in_place_is_noticed(reference: Reference, shared: Any) -> None:
    kept = shared(reference)
    assert reference.intact()
    right = kept.clone()
    with torch.inference_mode():
        kept.add_(1)
    assert not reference.intact()
    reference.forget()
    assert reference.intact()
    assert torch.equal(shared(reference), right)


def test_a_batch_is_nobody_elses(reference: Reference) -> None:
    next(reference.reference().batches()).images.zero_()
    reference.reference().each("spoiled", lambda images: brightness(images.zero_()))
    assert reference.intact()
    assert reference.reference().each("brightness", brightness).sum() > 0


def test_a_stream_that_ends_early_is_an_error() -> None:
    with pytest.raises(PluginError) as raised:
        context_of(Endless(short=True)).reference().extract("mean")
    assert (
        str(raised.value)
        == f"dataset 'endless' streamed {MANY - 1} items of green, expected {MANY}"
    )


def test_a_population_without_images_has_no_features(
    reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Endless, "size", lambda self, domain, split: 0)
    assert len(reference.held_out().extract("mean").features) == 0
    assert len(reference.held_out().each("brightness", brightness)) == 0
