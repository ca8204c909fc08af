"""Writing a new distribution: whole, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from bridgebench.errors import OutputError
from bridgebench.scaffold.distribution import Distribution


def write_distribution(made: Distribution, parent: Path) -> Path:
    """Write a distribution to a new folder in `parent`, which is made if it is not there.

    OutputError where the folder exists or cannot be written; nothing is left behind then.
    """
    target = parent / made.folder
    if target.exists() or target.is_symlink():
        raise OutputError(f"{target} exists already; remove it, or choose another name or --dir")
    texts = made.files()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{made.folder}-", dir=parent))
    except OSError as error:
        raise OutputError(f"{parent} cannot be written: {error.strerror}; give --dir") from error
    try:
        for name, text in texts.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        partial.chmod(0o755)
        partial.rename(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror}; give --dir") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target
