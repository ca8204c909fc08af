"""Datasets: images in domains and splits, each item with an id that never changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from bridgebench.errors import InvalidOption
from bridgebench.interfaces.plugin import Plugin

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Items:
    """Images with who they are.

    images   (n, C, H, W) float32, in the range that the task names ([-1, 1] for images)
    ids      n item ids such as "test/00042": stable across runs, machines and seeds
    domains  for each image the narrowest domain that it belongs to, such as "digit:3"
    """

    images: Tensor
    ids: tuple[str, ...]
    domains: tuple[str, ...]

    def __post_init__(self) -> None:
        if not len(self.images) == len(self.ids) == len(self.domains):
            raise InvalidOption(
                f"items need one id and one domain an image: got {len(self.images)} images, "
                f"{len(self.ids)} ids and {len(self.domains)} domains"
            )

    def __len__(self) -> int:
        return len(self.ids)

    def slice(self, start: int, stop: int) -> Items:
        """The items from `start` to `stop`, without copying the images."""
        return Items(self.images[start:stop], self.ids[start:stop], self.domains[start:stop])

    def batches(self, size: int) -> Iterator[Items]:
        """Slices of `size` items in order; the last may be shorter."""
        for start in range(0, len(self), size):
            yield self.slice(start, start + size)


class Batched(Protocol):
    """Items that come a batch at a time: an `ItemStream`, or `Items` that are in memory."""

    def __len__(self) -> int: ...

    def batches(self, size: int) -> Iterator[Items]:
        """The items in batches of `size` in order; the last may be shorter."""


class Dataset(Plugin, ABC):
    """Images in domains and splits.

    `domains` may be a class variable, or a property where the options decide it.
    """

    splits: ClassVar[tuple[str, ...]]

    training_split: ClassVar[str] = "train"
    """The split whose images methods may be fitted to, unless the task evaluates it."""

    @property
    @abstractmethod
    def domains(self) -> tuple[str, ...]:
        """The domains, each once."""

    @abstractmethod
    def size(self, domain: str, split: str) -> int:
        """How many items `domain` has in `split`."""

    @abstractmethod
    def class_domains(self, domain: str) -> tuple[str, ...]:
        """The narrowest domains that the items of `domain` can belong to."""

    @abstractmethod
    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        """The first `n` items of `domain` in the order of `seed`.

        The order is a permutation that depends on (seed, split, domain) alone, so that a smaller
        `n` is a prefix of a larger one. Whatever else is drawn for an item (a hue) is a function of
        (seed, split, item). InvalidOption where the domain has fewer than `n` items.
        """

    def stream(self, domain: str, split: str, n: int, seed: int, size: int) -> Iterator[Items]:
        """What `items` gives, in batches of `size` in order; the last may be shorter.

        This makes all items first. A dataset of very many images makes a batch at a time, so that
        no more than one is in memory.
        """
        yield from self.items(domain, split, n, seed).batches(size)

    def has_pairs(self, source: str, target: str) -> bool:
        """Whether every item of the domain `source` has a true target in the domain `target`."""
        return False

    def true_targets(self, items: Items, source: str, target: str, split: str, seed: int) -> Tensor:
        """The true target of each item of `source`, (n, C, H, W) in the range of the items.

        IntegrityError, naming the item, for one that has none.
        """
        raise InvalidOption(f"dataset {self.name} has no pairs of {source} and {target}")

    @abstractmethod
    def files(self) -> Mapping[str, str]:
        """File name to sha256 of its data; checked against the files, or IntegrityError."""


@dataclass(frozen=True)
class ItemStream:
    """All items of a domain in a split, in the order of a seed, a batch at a time.

    >>> from bridgebench_cmnist.digits.dataset import ColoredMnist
    >>> sevens = ItemStream(ColoredMnist(), "digit:7", "test")
    >>> len(sevens), len(next(sevens.batches(64))), sevens.take([3, 900]).images.shape
    (1028, 64, torch.Size([2, 3, 32, 32]))
    """

    dataset: Dataset
    domain: str
    split: str
    seed: int = 0

    def __len__(self) -> int:
        return self.dataset.size(self.domain, self.split)

    def batches(self, size: int = 256) -> Iterator[Items]:
        """The items in batches of `size`, each a copy; the last may be shorter."""
        there = len(self)
        parts = self.dataset.stream(self.domain, self.split, there, self.seed, size)
        for part in parts if there else ():
            yield Items(part.images.clone(), part.ids, part.domains)

    def take(self, indices: Sequence[int]) -> Items:
        """The items at some places, in the order of `indices`; one batch at a time is in memory."""
        import torch

        wanted = set(indices)
        found: dict[int, tuple[Tensor, str, str]] = {}
        start = 0
        for part in self.batches():
            for place in wanted & set(range(start, start + len(part))):
                row = place - start
                found[place] = (part.images[row], part.ids[row], part.domains[row])
            start += len(part)
            if len(found) == len(wanted):
                break
        rows = [found[index] for index in indices]
        return Items(
            torch.stack([image for image, _, _ in rows]),
            tuple(item for _, item, _ in rows),
            tuple(domain for _, _, domain in rows),
        )
