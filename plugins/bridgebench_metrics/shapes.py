"""What items must be for a metric to look at them."""

from __future__ import annotations

from collections.abc import Sequence


def unlike_images(shape: Sequence[int], what: str, channels: int | None = None) -> str:
    """Why `what` cannot be seen in items of a shape, which are no images; "" if they are.

    With `channels`, images of any other number of them will not do either.

    >>> unlike_images((3, 32, 32), "color", channels=3)
    ''
    >>> unlike_images((16,), "structure")
    'structure needs images of shape (C, H, W), and these items have the shape (16,)'
    """
    if len(shape) == 3 and channels in (None, shape[0]):
        return ""
    wanted = f"({channels or 'C'}, H, W)"
    return f"{what} needs images of shape {wanted}, and these items have the shape {tuple(shape)}"
