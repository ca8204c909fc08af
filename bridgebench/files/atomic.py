"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file; a reader sees the old one or the new one, never a part.

    The standard library has no such function, and a package for these ten lines would be one more
    to install.

    Args:
        path: where; its folder exists.
        content: of the file.
        durable: whether to wait until the disk has it, so that it outlives a crash of the machine.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
