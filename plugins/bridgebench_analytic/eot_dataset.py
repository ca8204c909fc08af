"""The dataset `eot_mixture`: vectors from the marginals of a known entropic transport plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from bridgebench import Dataset, Items
from bridgebench_analytic.eot_options import DRAWS, DimOption, EpsOption, prefix
from bridgebench_analytic.numbered_items import (
    DOMAINS,
    SPLITS,
    check_domain,
    check_split,
    first_numbers,
)

POINTS = 2_000


class EotMixture(Dataset):
    """Vectors from the two marginals of an entropic plan between mixtures, known exactly.

    2,000 points a split; each point of `source` comes as 32 items that are equal but for their id,
    so that the outputs of one source can be compared with its conditional distribution; the items
    of `target` are one a point and no partners of the sources.
    """

    name: ClassVar[str] = "eot_mixture"
    domains: ClassVar[tuple[str, ...]] = DOMAINS
    splits: ClassVar[tuple[str, ...]] = SPLITS

    dim: DimOption
    eps: EpsOption

    def size(self, domain: str, split: str) -> int:
        """64,000 items of `source`, 2,000 of `target`."""
        check_domain(self.name, domain)
        check_split(self.name, split)
        return POINTS * _draws(domain)

    def narrow_domains(self, domain: str) -> tuple[str, ...]:
        """The domain itself."""
        check_domain(self.name, domain)
        return (domain,)

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        """The first `n` items: (n, dim) float32, the draws of a point one after the other."""
        import torch

        from bridgebench_analytic.eot_plan import entropic_plan

        draws = _draws(domain)
        size = self.size(domain, split)
        # a number of points that covers n; n itself is checked against all items
        first_numbers(self.spec, domain, split, n, size, seed)
        numbers = first_numbers(self.spec, domain, split, -(-n // draws), POINTS, seed)
        start = f"{prefix(self.dim, self.eps)}{split}/{domain}"
        points = tuple(f"{start}/{number:05d}" for number in numbers)
        plan = entropic_plan(self.dim, self.eps)
        mixture = plan.source if domain == "source" else plan.target
        values = mixture.sample(seed, "eot_mixture", points).float()
        ids = tuple(f"{point}/{draw:02d}" for point in points for draw in range(draws))[:n]
        return Items(torch.repeat_interleave(values, draws, 0)[:n], ids, (domain,) * n)

    def files(self) -> Mapping[str, str]:
        """None: everything is drawn."""
        return {}


def _draws(domain: str) -> int:
    return DRAWS if domain == "source" else 1
