"""The dataset `eot_mixture`: vectors from the marginals of a known entropic transport plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from bridgebench import Dataset, Items
from bridgebench_analytic.eot.options import ONLY, DimOption, EpsOption, draws_of, prefix
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

    2,000 points of `target` a split, one item each. Items of `source` come in 2,000 blocks: one
    point as 12 items for each dimension, at least 128, equal but for their id, and then as many
    other points, one item each. The first show the outputs of one source beside its conditional
    distribution, the others the outputs of all sources beside the target. No target is the partner
    of a source. The mixtures are those of this benchmark and not of any publication.
    """

    name: ClassVar[str] = "eot_mixture"
    domains: ClassVar[tuple[str, ...]] = DOMAINS
    splits: ClassVar[tuple[str, ...]] = SPLITS

    dim: DimOption
    eps: EpsOption

    def size(self, domain: str, split: str) -> int:
        """2,000 blocks of `source`, 2,000 items of `target`."""
        check_domain(self.name, domain)
        check_split(self.name, split)
        return POINTS if domain == "target" else POINTS * 2 * draws_of(self.dim)

    def class_domains(self, domain: str) -> tuple[str, ...]:
        """The domain itself."""
        check_domain(self.name, domain)
        return (domain,)

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        """The first `n` items: (n, dim) float32, the draws of a point one after the other."""
        import torch

        from bridgebench_analytic.eot.plan import entropic_plan

        size = self.size(domain, split)
        start = f"{prefix(self.dim, self.eps)}{split}/{domain}"
        plan = entropic_plan(self.dim, self.eps)
        if domain == "target":
            numbers = first_numbers(self.spec, domain, split, n, size, seed)
            points = tuple(f"{start}/{number:05d}" for number in numbers)
            values = plan.target.sample(seed, "eot_mixture", points).float()
            return Items(values, tuple(f"{point}/00" for point in points), (domain,) * n)
        # The number of blocks covers n; n itself is checked against all items.
        first_numbers(self.spec, domain, split, n, size, seed)
        draws = draws_of(self.dim)
        blocks = first_numbers(self.spec, domain, split, -(-n // (2 * draws)), POINTS, seed)
        points, ids = _source_items(start, blocks, draws)
        distinct = tuple(dict.fromkeys(points[:n]))
        values = plan.source.sample(seed, "eot_mixture", distinct).float()
        place = {point: index for index, point in enumerate(distinct)}
        index = torch.tensor([place[point] for point in points[:n]])
        return Items(values[index], ids[:n], (domain,) * n)

    def files(self) -> Mapping[str, str]:
        """None: everything is drawn."""
        return {}


def _source_items(
    start: str, blocks: Sequence[int], draws: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The point and the id of each item of some blocks."""
    points: list[str] = []
    ids: list[str] = []
    for block in blocks:
        repeated = f"{start}/{block:05d}"
        points += [repeated] * draws
        ids += [f"{repeated}/{draw:02d}" for draw in range(draws)]
        singles = [f"{start}/{POINTS + block * draws + number:05d}" for number in range(draws)]
        points += singles
        ids += [f"{single}/{ONLY}" for single in singles]
    return tuple(points), tuple(ids)
