"""`bridgebench cache`."""

from __future__ import annotations

import click

from bridgebench.cli.say import say

EXAMPLES = """\b
Examples:
  bridgebench cache info
  bridgebench cache clear
  BRIDGEBENCH_CACHE_LIMIT=20GB bridgebench run task=cmnist_to7 protocol=full
"""


@click.group(epilog=EXAMPLES)
def cache() -> None:
    """Show or empty the cache of encodes and features, which later runs reuse.

    \b
    BRIDGEBENCH_CACHE        folder of the cache, instead of the user's cache folder
    BRIDGEBENCH_CACHE_LIMIT  its size, such as 500MB or 20GB (default 4GB); 0 switches it off

    The least recently used entries are deleted first. Rows are the same with and without a cache.
    """


@cache.command()
def info() -> None:
    """Show where the cache is and how full."""
    from bridgebench.execute.store import user_store

    store = user_store()
    used = store.usage()
    limit = in_units(store.limit) if store.limit else "0, it is off"
    say(f"folder:  {store.folder}")
    say(f"entries: {used.entries}, {in_units(used.size)}")
    say(f"limit:   {limit}")


@cache.command()
def clear() -> None:
    """Delete everything in the cache."""
    from bridgebench.errors import OutputError
    from bridgebench.execute.store import user_store

    store = user_store()
    try:
        gone = store.clear()
    except OSError as error:
        raise OutputError(
            f"the cache {store.folder} cannot be cleared ({error.strerror}); look at who owns it"
        ) from error
    say(f"deleted {gone.entries} entries, {in_units(gone.size)}")


def in_units(size: int) -> str:
    """Bytes in words.

    >>> in_units(1_530_000)
    '1.5 MB'
    """
    amount = float(size)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
