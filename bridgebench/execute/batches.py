"""Source images in the batches of the plan; a short last batch is filled up, and cut afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import torch

from bridgebench.errors import PluginError
from bridgebench.execute.spool import HELD_BYTES, Spool
from bridgebench.interfaces.dataset import Items
from bridgebench.interfaces.method import Batch
from bridgebench.toolkit.randomness import Draw, derangement


@dataclass(frozen=True)
class FilledBatch:
    """A batch of the planned size; the first `real` of its images are wanted."""

    batch: Batch
    real: int


class SourceBatches(Sequence[FilledBatch]):
    """Batches of exactly `size` images, each brought to the device when it is asked for.

    The last is filled up with its own first image. Images beyond `held` bytes are kept in a file.

    Args:
        parts: items in pieces of `size`, of which the last may be shorter.
        size: images of a batch.
        seed: of the run.
        device: where batches are wanted.
        held: see Spool.
        sample: which random numbers the items draw; see Draw.

    Raises:
        PluginError: a dataset streams other parts than it was asked for.
    """

    def __init__(
        self,
        parts: Iterable[Items],
        size: int,
        seed: int,
        device: torch.device,
        held: int = HELD_BYTES,
        sample: int = 0,
    ) -> None:
        self._size, self._seed, self._device, self._sample = size, seed, device, sample
        self._images = Spool(held)
        self._names: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        for part in parts:
            self._check(part)
            self._images.append(part.images)
            self._names.append((part.ids, part.domains))

    def _check(self, part: Items) -> None:
        ended = bool(self._names) and len(self._names[-1][0]) < self._size
        if ended or not 0 < len(part) <= self._size:
            raise PluginError(
                f"the dataset streams a part of {len(part)} items{' after a short one' * ended}, "
                f"expected parts of {self._size} and a last one of the rest"
            )
        if part.images.dtype != torch.float32:
            raise PluginError(
                f"the dataset streams items of {part.images.dtype}, expected torch.float32"
            )

    def partners(self, ids: Sequence[str]) -> Items:
        """The partner of each item: the source image that takes its place among the outputs.

        Partners are those of the derangement of all wanted items, whatever the batches. On the CPU.
        InvalidOption for a run of one item.
        """
        places = [self._partner_places[item] for item in ids]
        return Items(
            torch.stack([self._images.row(index, row) for index, row in places]),
            tuple(self._names[index][0][row] for index, row in places),
            tuple(self._names[index][1][row] for index, row in places),
        )

    def permuted(self, batch: Batch) -> Batch:
        """The partners of the items of a batch, with the random numbers of their own."""
        with torch.inference_mode(False):
            found = self.partners(batch.ids)
            images = found.images.to(self._device)
        draw = Draw(self._seed, found.ids, batch.draw.sample)
        return Batch(images, found.ids, found.domains, draw)

    @cached_property
    def _partner_places(self) -> dict[str, tuple[int, int]]:
        """Item id -> the batch in which its partner is, and where in it."""
        order = derangement(self._seed, self.wanted)
        ids = (item for names, _ in self._names for item in names)
        return {item: divmod(other, self._size) for item, other in zip(ids, order, strict=True)}

    @property
    def wanted(self) -> int:
        """Images in all batches, without those that fill up the last."""
        return sum(len(ids) for ids, _ in self._names)

    @property
    def seen(self) -> int:
        """Images in all batches, with those."""
        return self._size * len(self)

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> FilledBatch: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FilledBatch]: ...
    def __getitem__(self, index: int | slice) -> FilledBatch | Sequence[FilledBatch]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        with torch.inference_mode(False):  # all batches are alike to a method that wants gradients
            return self._filled(index)

    def _filled(self, index: int) -> FilledBatch:
        images, (ids, domains) = self._images[index], self._names[index]
        real, missing = len(ids), self._size - len(ids)
        if missing:
            images = torch.cat([images, images[:1].expand(missing, *images.shape[1:])])
        filled = ids + ids[:1] * missing
        domains = domains + domains[:1] * missing
        batch = Batch(
            images.to(self._device), filled, domains, Draw(self._seed, filled, self._sample)
        )
        return FilledBatch(batch, real)
