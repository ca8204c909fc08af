"""Transforms that keep something between calls."""

from typing import Any, ClassVar

import torch
from pydantic import Field, PrivateAttr

from bridgebench import Transform


class Cached(Transform):
    """Add a pattern that is made once for each shape."""

    name: ClassVar[str] = "cached"
    rank: int = Field(2, ge=1, description="how strong it is")
    _patterns: dict[Any, Any] = PrivateAttr(default_factory=dict)

    def latent(self, z, x, draw):
        shape = tuple(z.shape[1:])
        if shape not in self._patterns:
            self._patterns[shape] = draw.shared("pattern", shape)
        return z + 0.1 * self.rank * self._patterns[shape].to(z)


class Running(Transform):
    """Take off the mean of all batches so far, which depends on their order."""

    name: ClassVar[str] = "running"
    _means: list[Any] = PrivateAttr(default_factory=list)

    def latent(self, z, x, draw):
        self._means.append(z.mean(0))
        return z - torch.stack(self._means).mean(0)
