"""A dataset of a million images and a score model that costs nothing, to see what grows with n."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from bridgebench import (
    Dataset,
    Extracted,
    Extractor,
    InvalidOption,
    Items,
    ScoreModel,
    generator,
    hookimpl,
)

api = 2

SIZE = 1_000_000
TARGETS = 1_000
BLOCK = 100
STD = 0.1
MEANS = {"red": (0.5, -0.5, -0.5), "green": (-0.5, 0.5, -0.5)}


class Crowd(Dataset):
    """Reddish images, 3x32x32, a million of them, and a thousand greenish ones.

    Drawn a block of a hundred at a time: a generator for each image would cost more than all that
    is measured.
    """

    name: ClassVar[str] = "crowd"
    domains: ClassVar[tuple[str, ...]] = ("red", "green")
    splits: ClassVar[tuple[str, ...]] = ("train", "test")

    def size(self, domain, split):
        return SIZE if domain == "red" else TARGETS

    def class_domains(self, domain):
        return (domain,)

    def items(self, domain, split, n, seed):
        parts = list(self.stream(domain, split, n, seed, n))
        return parts[0]

    def stream(self, domain, split, n, seed, size):
        if not 0 < n <= self.size(domain, split):
            raise InvalidOption(f"n={n}; there are 1 to {self.size(domain, split)} of {domain}")
        mean = torch.tensor(MEANS[domain]).view(3, 1, 1)
        for start in range(0, n, size):
            numbers = range(start, min(n, start + size))
            blocks = range(numbers.start // BLOCK, -(-numbers.stop // BLOCK))
            noise = torch.cat([_block(domain, split, seed, block) for block in blocks])
            offset = blocks.start * BLOCK
            images = noise[numbers.start - offset : numbers.stop - offset].mul(STD).add_(mean)
            ids = tuple(f"{split}/{domain}{number:07d}" for number in numbers)
            yield Items(images.clamp_(-1, 1), ids, (domain,) * len(numbers))

    def files(self):
        return {}


def _block(domain, split, seed, number):
    drawn = generator(seed, f"crowd {domain} {split}", str(number))
    return torch.from_numpy(drawn.standard_normal((BLOCK, 3, 32, 32), dtype="float32"))


@dataclass(frozen=True)
class Exact:
    """D(x, sigma) = (std² x + sigma² mean)/(std² + sigma²)."""

    means: torch.Tensor
    sigma_min: float = 0.02
    sigma_max: float = 80.0

    def __call__(self, x, sigma):
        variance = (sigma**2).view(-1, 1, 1, 1)
        return (STD**2 * x + variance * self.means) / (STD**2 + variance)


@dataclass(frozen=True)
class Family:
    def denoiser(self, domains):
        return Exact(torch.tensor([MEANS[domain] for domain in domains])[:, :, None, None])


class CrowdScore(ScoreModel):
    """The exact denoiser."""

    name: ClassVar[str] = "crowd"
    domains: ClassVar[tuple[str, ...]] = ("red", "green")

    @property
    def sigma_range(self):
        return (0.02, 80.0)

    def files(self):
        return {}

    def load(self, device, precision):
        return Family()


class CrowdFeatures(Extractor):
    """64 features, as wide as those of the digit classifier, and logits for red and green."""

    name: ClassVar[str] = "crowd"

    def sha256(self):
        return "0" * 64

    def load(self, device):
        return see


def see(images):
    small = torch.nn.functional.adaptive_avg_pool2d(images, (5, 5)).flatten(1)[:, :64]
    return Extracted(small, 10 * images.mean((2, 3))[:, :2])


@hookimpl
def bridgebench_datasets():
    return {"crowd": Crowd}


@hookimpl
def bridgebench_scores():
    return {"crowd": CrowdScore}


@hookimpl
def bridgebench_extractors():
    return {"crowd": CrowdFeatures}
