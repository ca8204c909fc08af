"""The world with true targets, and a metric that compares outputs with them."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field
from torch import Tensor

from bridgebench import Column, Dataset, IntegrityError, ItemMeter, Metric, Score
from bridgebench_world.images import World, mean_of


class PairedWorld(Dataset):
    """Reddish noise whose true target is the same noise around green."""

    name: ClassVar[str] = "world_pairs"
    domains: ClassVar[tuple[str, ...]] = World.domains
    splits: ClassVar[tuple[str, ...]] = World.splits

    missing: str = Field("", description="the id of an item without a true target")

    def size(self, domain, split):
        return World().size(domain, split)

    def class_domains(self, domain):
        return World().class_domains(domain)

    def items(self, domain, split, n, seed):
        return World().items(domain, split, n, seed)

    def files(self):
        return {}

    def has_pairs(self, source, target):
        return (source, target) == ("red", "green")

    def true_targets(self, items, source, target, split, seed):
        if self.missing in items.ids:
            raise IntegrityError(f"item {self.missing} has no true target in {self.name}")
        return (items.images - mean_of(source) + mean_of(target)).clamp(-1, 1)


class TargetGap(Metric):
    """How far outputs are from their true targets, and sources from theirs."""

    name: ClassVar[str] = "target_gap"
    needs_pairs: ClassVar[bool] = True

    def columns(self):
        return (
            Column(
                "target_gap", "pixel value", "lower", "distance to the true target", chance=True
            ),
            Column("source_gap", "pixel value", "", "the same of the source", chance=True),
        )

    def meter(self, context):
        def measure(observed) -> Mapping[str, Tensor]:
            pairs = {"target_gap": observed.output, "source_gap": observed.source}
            return {
                name: (images - observed.target).abs().mean(dim=(1, 2, 3))
                for name, images in pairs.items()
            }

        def summarize(values):
            return {name: Score(gap.mean().item(), items=gap) for name, gap in values.items()}

        return ItemMeter(("target_gap", "source_gap"), measure, summarize)
