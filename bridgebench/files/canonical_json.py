"""Hashes of values by their canonical JSON: what names cells and decides whether two are equal."""

import hashlib
import json


def digest(value: object) -> str:
    """sha256 of the canonical JSON of a value; ValueError or TypeError for what JSON cannot say.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
