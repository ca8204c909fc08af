"""Text of others on one line."""

from __future__ import annotations

import re


def one_line(text: str) -> str:
    """The text with its white space folded, so that an error stays one line."""
    return re.sub(r"\s+", " ", text).strip()
