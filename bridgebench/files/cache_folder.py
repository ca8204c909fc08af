"""Where what can be computed again is kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER_VARIABLE = "BRIDGEBENCH_CACHE"


def cache_folder() -> Path:
    """The user's cache folder, or the one that BRIDGEBENCH_CACHE names."""
    from platformdirs import user_cache_path

    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).absolute() if named else user_cache_path("bridgebench")
