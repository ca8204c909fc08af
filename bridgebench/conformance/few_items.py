"""A dataset with few items, so that a run of a check is short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench.interfaces.dataset import Dataset, Items

if TYPE_CHECKING:
    from torch import Tensor


class FewItems(Dataset):
    """The first items of each domain and split of another dataset."""

    name: ClassVar[str] = "few_items"

    inner: Dataset = Field(description="the dataset")
    most: int = Field(ge=1, description="how many items of a domain and split there are at most")

    @property
    def domains(self) -> tuple[str, ...]:
        """Those of the dataset."""
        return self.inner.domains

    def size(self, domain: str, split: str) -> int:
        """At most `most`."""
        return min(self.inner.size(domain, split), self.most)

    def class_domains(self, domain: str) -> tuple[str, ...]:
        """Those of the dataset."""
        return self.inner.class_domains(domain)

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        """The first `n` items of the dataset."""
        return self.inner.items(domain, split, n, seed)

    def stream(self, domain: str, split: str, n: int, seed: int, size: int) -> Iterator[Items]:
        """The first `n` items of the dataset, in batches."""
        return self.inner.stream(domain, split, n, seed, size)

    def has_pairs(self, source: str, target: str) -> bool:
        """As the dataset."""
        return self.inner.has_pairs(source, target)

    def true_targets(self, items: Items, source: str, target: str, split: str, seed: int) -> Tensor:
        """As the dataset."""
        return self.inner.true_targets(items, source, target, split, seed)

    def files(self) -> Mapping[str, str]:
        """Those of the dataset."""
        return self.inner.files()
