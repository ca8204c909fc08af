"""The file of an item's image: the same name wherever images are written or read.

The PNG of item "test/00042" at seed 0 is seed-0/test/00042.png in its folder. The seed is in the
name because a dataset may draw part of an image from it.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import quote

from bridgebench.errors import InvalidOption

SUFFIX = ".png"


def seed_folder(seed: int | Literal["*"]) -> str:
    """The folder of a seed's images; "*" for the pattern of all seeds' folders."""
    return f"seed-{seed}"


def item_file(seed: int, item_id: str) -> PurePosixPath:
    """The path of an item's PNG below its folder; different items have different ones.

    What a file system may not take is written as in a URL. InvalidOption for an id that would
    leave the folder.

    >>> str(item_file(0, "test/00042")), str(item_file(1, "cats/a b"))
    ('seed-0/test/00042.png', 'seed-1/cats/a%20b.png')
    """
    parts = item_id.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise InvalidOption(
            f"the item id {item_id[:80]!r} makes no file name; ids are words joined by single /"
        )
    *folders, name = (quote(part, safe="") for part in parts)
    return PurePosixPath(seed_folder(seed), *folders, f"{name}{SUFFIX}")
