"""Training batches: a step -> images of both domains, unpaired."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from bridgebench import Dataset
from bridgebench_cyclegan.recipe import CycleGanRecipe

_SEEDS = 1_000_000_007


@dataclass
class ImageStream:
    """Draws the batch of any step, a function of (seed, step).

    Attributes:
        dataset: what is learned.
        recipe: the domains and the size of a batch.
        seed: of the run.
        batches: how many batches are drawn at once.
    """

    dataset: Dataset
    recipe: CycleGanRecipe
    seed: int
    batches: int = 64
    _number: int = -1
    _drawn: dict[str, Tensor] = field(default_factory=dict)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Images of the source and of the target domain, (B, C, H, W) each."""
        size, domains = self.recipe.batch, (self.recipe.source, self.recipe.target)
        number, place = divmod(step, self.batches)
        if number != self._number:
            self._drawn = {domain: self._draw(domain, number) for domain in domains}
            self._number = number
        source, target = (
            self._drawn[domain][place * size : (place + 1) * size] for domain in domains
        )
        return source, target

    def _draw(self, domain: str, number: int) -> Tensor:
        """The images of one domain for a group of batches.

        The seed that a dataset is given decides its order and all else that it draws for an item (a
        hue); each group has one of its own, so that no image is seen twice as it was. They are far
        from the small seeds of tasks and from those of another run.
        """
        seed = (self.seed + 1) * _SEEDS + number
        return self.dataset.items(domain, "train", self.batches * self.recipe.batch, seed).images
