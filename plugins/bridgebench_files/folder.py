"""The dataset `folder`: people's own images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bridgebench import Dataset, IntegrityError, InvalidOption, Items, UnknownName, generator
from bridgebench_files.listing import Listed, listed_in, split_of


class Folder(Dataset):
    """Your own images: in a folder for each domain, or named by a CSV.

    `path` is a folder with the images of a domain anywhere below PATH/DOMAIN/; or a CSV file with
    the columns path,domain and, where wanted, split and id, its paths relative to it. The splits
    are `train` and `test`: by folder (PATH/DOMAIN/train, PATH/train/DOMAIN, in any case, or the
    PATH/trainA, PATH/testA, PATH/trainB and PATH/testB of CycleGAN, whose domains are A and B), by
    the column, or, where nothing says it, by a hash of the item's id. The id is the path without
    its ending. Linked folders are read; files that are no images are counted in a warning.
    Files are PNG, JPEG, WebP, AVIF, BMP, TIFF, GIF or PPM. Values are in [-1, 1], in sRGB: other
    color profiles are converted. Of 16 bits a channel the upper 8 are taken.
    """

    name: ClassVar[str] = "folder"
    splits: ClassVar[tuple[str, ...]] = ("train", "test")

    path: Path = Field(description="the folder, or the CSV file")
    side: int | None = Field(
        None,
        ge=1,
        le=8192,
        description="pixels a side that images are resized to, their middle square; left out: as "
        "they are, all of one size",
    )
    channels: Literal["rgb", "grey"] = Field("rgb", description="rgb for 3 channels, grey for 1")
    test: float = Field(
        0.5, gt=0, lt=1, description="share of the test split where nothing says the split"
    )

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains that have images, sorted."""
        return tuple(sorted({each.domain for each in listed_in(self.path)}))

    def size(self, domain: str, split: str) -> int:
        """How many images `domain` has in `split`."""
        return len(self._members(domain, split))

    def class_domains(self, domain: str) -> tuple[str, ...]:
        """The domain itself."""
        self._check_domain(domain, self.domains)
        return (domain,)

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        """The first `n` images of `domain` in the order of `seed`.

        images (n, C, H, W) float32 in [-1, 1]. IntegrityError for an image that cannot be used, or
        that is of another size than the others.
        """
        return self._read(self._chosen(domain, split, n, seed))

    def stream(self, domain: str, split: str, n: int, seed: int, size: int) -> Iterator[Items]:
        """The same in batches of `size`, the files of each read when it is asked for."""
        chosen = self._chosen(domain, split, n, seed)
        for start in range(0, n, size):
            yield self._read(chosen[start : start + size])

    def files(self) -> Mapping[str, str]:
        """One hash over the ids, domains, splits and contents of all images, each checked."""
        from bridgebench_files.picture import facts_of

        listed = listed_in(self.path)
        self._check_sizes(listed)
        total = hashlib.sha256()
        for each, split in zip(listed, split_of(listed, self.test), strict=True):
            said = (each.id, each.domain, split, facts_of(each.path).sha256)
            total.update("\0".join((*said, "")).encode())
        return {self.path.name: total.hexdigest()}

    def _chosen(self, domain: str, split: str, n: int, seed: int) -> list[Listed]:
        """The first `n` images of a domain in the order of a seed."""
        members = self._members(domain, split)
        if not 0 < n <= len(members):
            raise InvalidOption(
                f"n={n} images of {domain} in the {split} split of {self.name}; there are 1 to "
                f"{len(members)}"
            )
        self._check_sizes(members)
        order = generator(seed, "order", f"{split}/{domain}").permutation(len(members))
        return [members[index] for index in order[:n]]

    def _read(self, chosen: Sequence[Listed]) -> Items:
        """Some images of one domain."""
        import numpy as np
        import torch

        from bridgebench_files.picture import read_pixels, scaled

        pixels = [read_pixels(each.path, self.channels, self.side) for each in chosen]
        images = torch.from_numpy(scaled(np.stack(pixels), -1.0, 1.0))
        ids, domains = (tuple(each.id for each in chosen), tuple(each.domain for each in chosen))
        return Items(images, ids, domains)

    def _members(self, domain: str, split: str) -> tuple[Listed, ...]:
        """The images of a domain in a split, sorted by id."""
        listed = listed_in(self.path)
        self._check_domain(domain, {each.domain for each in listed})
        if split not in self.splits:
            raise UnknownName(f"split of {self.name}", split, self.splits)
        splits = split_of(listed, self.test)
        return tuple(
            each
            for each, own in zip(listed, splits, strict=True)
            if each.domain == domain and own == split
        )

    def _check_domain(self, domain: str, known: set[str] | tuple[str, ...]) -> None:
        if domain not in known:
            raise UnknownName(f"domain of {self.name} in {self.path}", domain, known)

    def _check_sizes(self, listed: tuple[Listed, ...]) -> None:
        """IntegrityError unless all images are of one size, or are made so by `side`."""
        from bridgebench_files.picture import facts_of

        first = None
        for each in listed:
            facts = facts_of(each.path)
            own = (facts.width, facts.height)
            first = first or own
            if self.side is None and own != first:
                raise IntegrityError(
                    f"{each.path} has {own[0]}x{own[1]} pixels and {listed[0].path} has "
                    f"{first[0]}x{first[1]}; give side=PIXELS, which makes them equal"
                )
