"""No change."""

from __future__ import annotations

from typing import ClassVar

from bridgebench import Transform


class Identity(Transform):
    """Leave image and latent as they are."""

    name: ClassVar[str] = "identity"
