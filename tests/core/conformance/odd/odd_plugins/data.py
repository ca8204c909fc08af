"""Grey images in [0, 1] whose labels are words, and points of the plane."""

from typing import ClassVar

import torch

from bridgebench import Dataset, InvalidOption, Items, UnknownName, generator, normal


class Greys(Dataset):
    """Grey blobs of 1x28x28 with labels in words, in three splits."""

    name: ClassVar[str] = "greys"
    domains: ClassVar[tuple[str, ...]] = ("Any Ünimal", "katze", "hund groß", "dark")
    splits: ClassVar[tuple[str, ...]] = ("a", "b", "c")

    def class_domains(self, domain):
        if domain not in self.domains:
            raise UnknownName("domain", domain, self.domains)
        return ("katze", "hund groß") if domain == "Any Ünimal" else (domain,)

    def size(self, domain, split):
        return len(self._all(domain, split))

    def items(self, domain, split, n, seed):
        there = self._all(domain, split)
        if not 0 < n <= len(there):
            raise InvalidOption(f"n={n}; there are 1 to {len(there)}")
        order = generator(seed, "order", f"{domain}{split}").permutation(len(there))[:n]
        labels, ids = zip(*(there[index] for index in order), strict=True)
        base = torch.tensor([0.2 if label == "dark" else 0.7 for label in labels])
        images = base.view(-1, 1, 1, 1) + 0.05 * normal(0, "pixels", ids, (1, 28, 28))
        return Items(images.clamp(0, 1), ids, labels)

    def files(self):
        return {}

    def _all(self, domain, split):
        if split not in self.splits:
            raise UnknownName("split", split, self.splits)
        return [(d, f"{d}-{split}#{i}") for d in self.class_domains(domain) for i in range(15)]


class Points(Dataset):
    """Points of the plane, without bounds."""

    name: ClassVar[str] = "points"
    domains: ClassVar[tuple[str, ...]] = ("left", "right")
    splits: ClassVar[tuple[str, ...]] = ("train", "test")

    def class_domains(self, domain):
        if domain not in self.domains:
            raise UnknownName("domain", domain, self.domains)
        return (domain,)

    def size(self, domain, split):
        self.class_domains(domain)
        if split not in self.splits:
            raise UnknownName("split", split, self.splits)
        return 50

    def items(self, domain, split, n, seed):
        if not 0 < n <= self.size(domain, split):
            raise InvalidOption(f"n={n}; there are 1 to 50")
        order = generator(seed, "order", f"{domain}{split}").permutation(50)[:n]
        ids = tuple(f"{split}/{domain}/{index}" for index in order)
        return Items(
            normal(seed, "p", ids, (2,)) + (3 if domain == "right" else -3), ids, (domain,) * n
        )

    def files(self):
        return {}
