"""A broken dataset for each check of datasets."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

import pytest
import torch

from bridgebench import (
    Dataset,
    IntegrityError,
    InvalidOption,
    Items,
    UnknownName,
    generator,
    normal,
)
from bridgebench.plugins.registry import Kind

COUNT = 20


class Pairs(Dataset):
    """Noise in two domains that make up a third."""

    name: ClassVar[str] = "sound"
    domains: ClassVar[tuple[str, ...]] = ("both", "left", "right")
    splits: ClassVar[tuple[str, ...]] = ("train", "test")

    def size(self, domain: str, split: str) -> int:
        if split not in self.splits:
            raise UnknownName("split", split, self.splits)
        return COUNT * len(self.class_domains(domain))

    def class_domains(self, domain: str) -> tuple[str, ...]:
        if domain not in self.domains:
            raise UnknownName("domain", domain, self.domains)
        return ("left", "right") if domain == "both" else (domain,)

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        if not 0 < n <= self.size(domain, split):
            raise InvalidOption("too many")
        names = [f"{one}{i}" for one in self.class_domains(domain) for i in range(COUNT)]
        order = generator(seed, "order", f"{split}{domain}").permutation(len(names))[:n]
        chosen = [names[i] for i in order]
        ids = tuple(self.item_id(split, name) for name in chosen)
        domains = tuple(name.rstrip("0123456789") for name in chosen)
        return Items(normal(0, "pixels", ids, (2, 3)), ids, domains)

    def item_id(self, split: str, name: str) -> str:
        return f"{split}/{name}"

    def files(self) -> Mapping[str, str]:
        return {"pixels": "0" * 64}


class Stray(Pairs):
    """A narrow domain that is none of its domains."""

    def class_domains(self, domain: str) -> tuple[str, ...]:
        return ("elsewhere",)


class TakesAnyDomain(Pairs):
    """Items of a domain that is not there."""

    def class_domains(self, domain: str) -> tuple[str, ...]:
        return ("left", "right") if domain == "both" else ("left",)

    def size(self, domain: str, split: str) -> int:
        return COUNT


class TakesAnyCount(Pairs):
    """Fewer items than were asked for."""

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        return super().items(domain, split, min(n, self.size(domain, split)), seed)


class DoublePrecision(Pairs):
    """Images in float64."""

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        found = super().items(domain, split, n, seed)
        return Items(found.images.double(), found.ids, found.domains)


class Holes(Pairs):
    """Images with NaN."""

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        found = super().items(domain, split, n, seed)
        return Items(found.images / 0, found.ids, found.domains)


class WrongSize(Pairs):
    """A size that its parts do not add up to."""

    def size(self, domain: str, split: str) -> int:
        return super().size(domain, split) - (domain == "both")


class OneId(Pairs):
    """The same id for two items."""

    def item_id(self, split: str, name: str) -> str:
        return f"{split}/{name[:-1]}"


class NewEachTime(Pairs):
    """Other pixels at each call."""

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        found = super().items(domain, split, n, seed)
        return Items(found.images + torch.rand(()), found.ids, found.domains)


class OneOrder(Pairs):
    """The same order for every seed."""

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        return super().items(domain, split, n, 0)


class OrderOfN(Pairs):
    """An order that depends on how many are asked for."""

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        return super().items(domain, split, n, seed + n)


class OneBatch(Pairs):
    """A stream in one piece."""

    def stream(self, domain: str, split: str, n: int, seed: int, size: int) -> Iterator[Items]:
        yield self.items(domain, split, n, seed)


class OtherStream(Pairs):
    """Each batch in an order of its own."""

    def stream(self, domain: str, split: str, n: int, seed: int, size: int) -> Iterator[Items]:
        for start in range(0, n, size):
            yield self.items(domain, split, min(size, n - start), seed + start)


class DoubleStream(Pairs):
    """The same items in float64."""

    def stream(self, domain: str, split: str, n: int, seed: int, size: int) -> Iterator[Items]:
        for part in super().stream(domain, split, n, seed, size):
            yield replace(part, images=part.images.double())


class SharedItems(Pairs):
    """The same items in both splits."""

    def item_id(self, split: str, name: str) -> str:
        return name


class ShortHash(Pairs):
    """A hash that is no sha256."""

    def files(self) -> Mapping[str, str]:
        return {"pixels": "abc"}


class Negatives(Pairs):
    """Each item of the left has its negative on the right."""

    def has_pairs(self, source: str, target: str) -> bool:
        return (source, target) == ("left", "right")

    def true_targets(
        self, items: Items, source: str, target: str, split: str, seed: int
    ) -> torch.Tensor:
        if not self.has_pairs(source, target):
            raise InvalidOption("no pairs")
        return self.targets(items)

    def targets(self, items: Items) -> torch.Tensor:
        return -items.images


class MissingPair(Negatives):
    """One item has no true target."""

    def targets(self, items: Items) -> torch.Tensor:
        for item in items.ids:
            if item.endswith("7"):
                raise IntegrityError(f"item {item} has no true target")
        return super().targets(items)


class SmallTargets(Negatives):
    """True targets of another shape."""

    def targets(self, items: Items) -> torch.Tensor:
        return items.images[:, :1]


class NoTargets(Negatives):
    """True targets with NaN."""

    def targets(self, items: Items) -> torch.Tensor:
        return items.images / 0


class TargetsOfTheBatch(Negatives):
    """True targets that depend on the other items."""

    def targets(self, items: Items) -> torch.Tensor:
        return items.images - items.images.mean()


class PairsOfAny(Negatives):
    """True targets in any domain."""

    def true_targets(
        self, items: Items, source: str, target: str, split: str, seed: int
    ) -> torch.Tensor:
        return self.targets(items)


BROKEN = [
    (Stray, "domains", "narrow domains of 'both' that are domains themselves"),
    (TakesAnyDomain, "unknown", "a BridgebenchError for no_such_domain and train"),
    (TakesAnyCount, "unknown", "an InvalidOption for n=41 of 40 items"),
    (DoublePrecision, "items", "images in float32"),
    (Holes, "items", "without NaN"),
    (WrongSize, "size", "expected 39 items in the narrow domains of both; got 40"),
    (OneId, "size", "different ids"),
    (NewEachTime, "repeatability", "at the second call"),
    (OneOrder, "repeatability", "another order of both for another seed"),
    (OrderOfN, "prefix", "the first 8 of 16 items"),
    (OneBatch, "stream", "17 items of both in batches of [8, 8, 1]; got [17]"),
    (OtherStream, "stream", "the items of both in its stream"),
    (DoubleStream, "stream", "in torch.float32; got torch.float64"),
    (SharedItems, "disjoint-splits", "train and test of"),
    (MissingPair, "pairs", "got item train/left7 has no true target"),
    (SmallTargets, "pairs", "true targets of left in right of shape (20, 2, 3)"),
    (NoTargets, "pairs", "true targets of left in right without NaN"),
    (TargetsOfTheBatch, "pairs", "the same true target of left alone"),
    (PairsOfAny, "pairs", "an error for true targets of both in left; got images"),
    (ShortHash, "files", "64 hexadecimal digits; got 'abc'"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_dataset_is_caught(broken, check, said, caught):
    assert said in caught(Kind.DATASET, check, broken())


@pytest.mark.parametrize("sound", [Pairs, Negatives])
def test_a_sound_one_passes(sound, passes):
    passes(Kind.DATASET, sound())


def test_every_check_has_a_broken_dataset():
    from bridgebench.conformance import dataset

    named = {function.__name__.replace("_", "-") for function in dataset.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
