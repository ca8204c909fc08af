"""Images that are Gaussian around a color: reddish ones and greenish ones."""

from typing import ClassVar

import torch

from bridgebench import Dataset, InvalidOption, Items, generator, normal

SHAPE = (3, 32, 32)
STD = 0.1
MEANS = {"red": (0.5, -0.5, -0.5), "green": (-0.5, 0.5, -0.5)}


def mean_of(domain):
    """The mean image of a domain, (3, 1, 1)."""
    return torch.tensor(MEANS[domain]).view(3, 1, 1)


class World(Dataset):
    """Reddish and greenish noise."""

    name: ClassVar[str] = "world"
    domains: ClassVar[tuple[str, ...]] = ("red", "green")
    splits: ClassVar[tuple[str, ...]] = ("train", "test")

    def size(self, domain, split):
        return 40

    def class_domains(self, domain):
        return (domain,)

    def items(self, domain, split, n, seed):
        if n > self.size(domain, split):
            raise InvalidOption(f"n={n} is more than 40")
        order = generator(seed, f"order {domain}", split).permutation(40)[:n]
        ids = tuple(f"{split}/{domain}{index:02d}" for index in order)
        noise = normal(0, "pixels", ids, SHAPE)
        images = (mean_of(domain) + STD * noise).clamp(-1, 1)
        return Items(images, ids, (domain,) * n)

    def files(self):
        return {}
