"""Random numbers as a function of (seed, purpose, item id).

Every draw has a Philox stream of its own, keyed by a hash of what it is for, so that a number never
depends on the order or size of batches, on the device, or on which worker drew it. Philox: Salmon
et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from struct import unpack
from typing import TYPE_CHECKING

from bridgebench.errors import InvalidOption

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from bridgebench.interfaces.solver import Noise


def generator(seed: int, purpose: str, item_id: str) -> np.random.Generator:
    """The random stream of one item for one purpose.

    >>> a, b = generator(0, "hue", "test/00001"), generator(0, "hue", "test/00001")
    >>> a.random() == b.random()
    True
    """
    import numpy as np

    low, high = _key(seed, purpose, item_id)
    return np.random.Generator(np.random.Philox(key=low + (high << 64)))


def _key(seed: int, purpose: str, item_id: str) -> tuple[int, int]:
    """The two words of the key of a stream, the low one first."""
    words = f"{seed}\x1f{purpose}\x1f{item_id}".encode()
    low, high = unpack("<2Q", hashlib.blake2b(words, digest_size=16).digest())
    return low, high


def _generators(seed: int, purpose: str, item_ids: Sequence[str]) -> Iterator[np.random.Generator]:
    """The random stream of each item in turn, each until the next one is taken.

    It is one stream that is set to each key: to make a new one takes ten times as long, as NumPy
    asks the system for entropy first.
    """
    import numpy as np

    philox = np.random.Philox(key=0)
    state = philox.state
    stream = np.random.Generator(philox)
    for item_id in item_ids:
        state["state"]["key"] = np.array(_key(seed, purpose, item_id), dtype=np.uint64)
        philox.state = state
        yield stream


def normal(seed: int, purpose: str, item_ids: Sequence[str], shape: Sequence[int]) -> Tensor:
    """Standard normal draws, float32, shape (len(item_ids), *shape)."""
    import numpy as np
    import torch

    out = np.empty((len(item_ids), *shape), dtype=np.float32)
    for row, stream in zip(out, _generators(seed, purpose, item_ids), strict=True):
        stream.standard_normal(dtype=np.float32, out=row)
    return torch.from_numpy(out)


def uniform(seed: int, purpose: str, item_ids: Sequence[str]) -> Tensor:
    """One uniform draw on [0, 1) for each item, float64, shape (len(item_ids),)."""
    import torch

    draws = [stream.random() for stream in _generators(seed, purpose, item_ids)]
    return torch.tensor(draws, dtype=torch.float64)


def derangement(seed: int, n: int) -> tuple[int, ...]:
    """A permutation of range(n) that leaves no number in its place, the same for equal (seed, n).

    Uniform over the derangements: permutations are drawn until one is one, e of them on average.
    InvalidOption below n = 2, where there is none.

    >>> derangement(0, 2)
    (1, 0)
    """
    import numpy as np

    if n < 2:
        raise InvalidOption(f"{n} source image has no other one to change places with; give n=2")
    draw = generator(seed, "derangement", str(n))
    while True:
        order = draw.permutation(n)
        if (order != np.arange(n)).all():
            return tuple(order.tolist())


@dataclass(frozen=True)
class Draw:
    """The random numbers that belong to a batch: its run's seed, its items, and which sample.

    What an item gets depends on these and on a purpose alone, never on the rest of the batch.

    >>> draw = Draw(seed=0, ids=("test/00001", "test/00002"))
    >>> draw.each("noise", (3, 2, 2)).shape
    torch.Size([2, 3, 2, 2])
    >>> draw.shared("noise", (3, 2, 2)).shape
    torch.Size([3, 2, 2])
    """

    seed: int
    ids: tuple[str, ...]
    sample: int = 0

    def each(self, purpose: str, shape: Sequence[int]) -> Tensor:
        """A standard normal draw of its own for each item, (B, *shape) float32."""
        return normal(self.seed, self._purpose(purpose), self.ids, shape)

    def noise(self, purpose: str, like: Tensor) -> Noise:
        """The draws of a stochastic solver for states like `like`, (B, C, H, W)."""
        shape = like.shape[1:]
        return lambda step: self.each(f"{purpose} {step}", shape).to(like)

    def of_sample(self, sample: int) -> Draw:
        """The numbers of another sample of the same items; sample 0 is these."""
        return replace(self, sample=sample)

    def shared(self, purpose: str, shape: Sequence[int]) -> Tensor:
        """One standard normal draw for every item of the run, (*shape) float32."""
        return normal(self.seed, purpose, ("",), shape)[0]

    def uniform(self, purpose: str) -> Tensor:
        """One uniform number on [0, 1) for each item, (B,) float64."""
        return uniform(self.seed, self._purpose(purpose), self.ids)

    def _purpose(self, purpose: str) -> str:
        return f"{purpose} of sample {self.sample}" if self.sample else purpose
