"""Orthonormal bases of images to which a vector of 3,072 numbers is changed cheaply.

A dense 3,072 x 3,072 matrix would cost 9 million multiplications an image; a cosine transform is a
small matrix along each of the three axes of the image, 67 multiplications a number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import torch
from torch import Tensor

from bridgebench import generator

SHAPE = (3, 32, 32)
SIZE = math.prod(SHAPE)


class Basis(Protocol):
    """An orthonormal basis of the images of SHAPE."""

    def coefficients(self, x: Tensor) -> Tensor:
        """(B, 3, 32, 32) -> (B, 3072) in the dtype of `x`."""

    def images(self, c: Tensor) -> Tensor:
        """(B, 3072) -> (B, 3, 32, 32): the inverse of `coefficients`."""


@cache
def cosine_matrix(n: int) -> Tensor:
    """The orthonormal cosine transform (DCT-II) of length `n`, (n, n) float64, a row a frequency.

    >>> C = cosine_matrix(3)
    >>> torch.allclose(C @ C.T, torch.eye(3, dtype=torch.float64), atol=1e-15)
    True
    """
    k = torch.arange(n, dtype=torch.float64)
    rows = torch.cos(math.pi / n * k[:, None] * (k[None, :] + 0.5)) * math.sqrt(2 / n)
    rows[0] /= math.sqrt(2)
    return rows


@dataclass(frozen=True)
class CosineBasis:
    """The cosines of rows, columns and channels."""

    def coefficients(self, x: Tensor) -> Tensor:
        """(B, 3, 32, 32) -> (B, 3072): channels, rows, columns from low to high frequency."""
        return _along_axes(x, [cosine_matrix(n) for n in SHAPE]).flatten(1)

    def images(self, c: Tensor) -> Tensor:
        """(B, 3072) -> (B, 3, 32, 32)."""
        return _along_axes(c.view(-1, *SHAPE), [cosine_matrix(n).T for n in SHAPE])


@dataclass(frozen=True)
class ScrambledBasis:
    """A basis without structure: two cosine transforms, each after a random change of signs.

    Every basis vector has all pixels of all channels, so that a covariance that is diagonal in it
    is full in pixels. Construction: Yu et al., "Orthogonal Random Features", NeurIPS 2016, with
    cosines in place of Hadamard matrices.

    signs   (2, 3072), each 1 or -1
    """

    signs: Tensor

    @classmethod
    def of(cls, seed: int, name: str) -> ScrambledBasis:
        """The basis that a seed and a name give."""
        bits = generator(seed, "signs", name).integers(0, 2, size=(2, SIZE))
        return cls(torch.from_numpy(2.0 * bits - 1.0))

    def coefficients(self, x: Tensor) -> Tensor:
        """(B, 3, 32, 32) -> (B, 3072)."""
        cosines = CosineBasis()
        first, second = self.signs.to(x)
        inner = cosines.coefficients((x.flatten(1) * first).view(-1, *SHAPE))
        return cosines.coefficients((inner * second).view(-1, *SHAPE))

    def images(self, c: Tensor) -> Tensor:
        """(B, 3072) -> (B, 3, 32, 32)."""
        cosines = CosineBasis()
        first, second = self.signs.to(c)
        inner = cosines.images(c).flatten(1) * second
        outer: Tensor = cosines.images(inner).flatten(1) * first
        return outer.view(-1, *SHAPE)


@dataclass(frozen=True)
class TurnedBasis:
    """Another basis, turned within blocks of its vectors.

    Covariances that are diagonal in the two do not commute, yet everything about the two together
    falls apart into blocks of `size` dimensions.

    inner   the basis that is turned
    turns   (3072/size, size, size) rotations, a row a new basis vector of its block
    """

    inner: Basis
    turns: Tensor

    @classmethod
    def of(cls, inner: Basis, size: int, seed: int, name: str) -> TurnedBasis:
        """`inner` under uniform rotations that a seed and a name give."""
        draws = generator(seed, "turns", name).standard_normal((SIZE // size, size, size))
        q, r = torch.linalg.qr(torch.from_numpy(draws))
        return cls(inner, q * r.diagonal(dim1=-2, dim2=-1).sign()[:, None, :])

    def coefficients(self, x: Tensor) -> Tensor:
        """(B, 3, 32, 32) -> (B, 3072)."""
        return self._turn(self.inner.coefficients(x), self.turns.to(x).mT)

    def images(self, c: Tensor) -> Tensor:
        """(B, 3072) -> (B, 3, 32, 32)."""
        return self.inner.images(self._turn(c, self.turns.to(c)))

    def _turn(self, c: Tensor, by: Tensor) -> Tensor:
        blocks = c.view(len(c), len(by), -1).transpose(0, 1)  # (blocks, B, size)
        return (blocks @ by).transpose(0, 1).reshape(len(c), -1)


def _along_axes(x: Tensor, matrices: Sequence[Tensor]) -> Tensor:
    """Multiply (B, C, H, W) by a matrix along each of its last three axes."""
    channels, rows, columns = (matrix.to(x) for matrix in matrices)
    x = rows @ (x @ columns.T)  # (B, C, H, W)
    return (channels @ x.flatten(2)).view_as(x)
