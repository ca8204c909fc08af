"""The dataset `analytic_images`: images drawn from a pair of domains that are known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from bridgebench import Dataset, Items
from bridgebench_analytic.images.pairs import PairOption, exact_pair
from bridgebench_analytic.numbered_items import (
    DOMAINS,
    SPLITS,
    check_domain,
    check_split,
    first_numbers,
)

SIZE = 2_000


class AnalyticImages(Dataset):
    """Images of 3x32x32 drawn from a pair of domains with an exact map between them.

    `pair=gaussian`: Gaussians with full covariances of condition number 10⁴ that do not commute.
    `pair=mixture`: mixtures of four Gaussians, diagonal in the cosine basis. Values are unbounded.
    Domains: `source` and `target`, 2,000 items a split, each a function of (seed, split, item).
    """

    name: ClassVar[str] = "analytic_images"
    domains: ClassVar[tuple[str, ...]] = DOMAINS
    splits: ClassVar[tuple[str, ...]] = SPLITS

    pair: PairOption

    def size(self, domain: str, split: str) -> int:
        """2,000."""
        check_domain(self.name, domain)
        check_split(self.name, split)
        return SIZE

    def class_domains(self, domain: str) -> tuple[str, ...]:
        """The domain itself."""
        check_domain(self.name, domain)
        return (domain,)

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        """The first `n` images of `domain` in the order of `seed`, drawn by `seed`.

        images (n, 3, 32, 32) float32; ids such as "gaussian/test/source/00042".
        """
        numbers = first_numbers(self.spec, domain, split, n, self.size(domain, split), seed)
        ids = tuple(f"{self.pair}/{split}/{domain}/{number:05d}" for number in numbers)
        images = exact_pair(self.pair).domains[domain].sample(seed, "analytic_images", ids)
        return Items(images, ids, (domain,) * n)

    def files(self) -> Mapping[str, str]:
        """None: everything is drawn."""
        return {}
