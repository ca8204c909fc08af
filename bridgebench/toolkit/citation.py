"""BibTeX entries from the file `references.bib` of a plugin's package."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from bridgebench.errors import IntegrityError, UnknownName

FILE = "references.bib"

_KEY = re.compile(r"@\w+\s*\{\s*([^\s,{}]+)\s*,")


def bibtex(package: str, key: str) -> str:
    """The BibTeX entry `key`, to be the `citation` of a method or solver.

    Args:
        package: a package with a file `references.bib`, in which each entry begins with an "@" at
            the start of a line.
        key: of the entry.

    Returns:
        The entry as it stands in the file, with a newline at its end.

    Raises:
        UnknownName: there is no such entry.
        IntegrityError: the file is missing or is not UTF-8.

    Example:
        >>> bibtex("bridgebench_ddib", "su2023dual").partition(",")[0]
        '@inproceedings{su2023dual'
    """
    entries = _entries(package)
    if key not in entries:
        raise UnknownName(f"entry of {package}/{FILE}", key, entries)
    return entries[key]


@cache
def _entries(package: str) -> dict[str, str]:
    try:
        text = (files(package) / FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise IntegrityError(
            f"{package}/{FILE} cannot be read: {error}; install it again"
        ) from error
    found = ((_KEY.match(part), part) for part in re.split(r"^(?=@)", text, flags=re.MULTILINE))
    return {match[1]: part.rstrip() + "\n" for match, part in found if match}
