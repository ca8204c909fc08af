"""Docstrings as they are written here, made ready for Sphinx.

They are plain text for people who read the source: code in single backticks, no other markup,
tables of `name   what it is`, indented blocks as they stand, and the sections Args, Returns,
Raises, Attributes and Example. This turns them into reStructuredText.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import dedent

from sphinx.application import Sphinx

SECTION = re.compile(r"(Args|Returns|Raises|Attributes|Example):$")
COLUMNS = re.compile(r"(?P<names>\w[\w, ]*?)\s{2,}(?P<text>\S.*)")
COLON = re.compile(r"(?P<names>\w[\w, ]*): (?P<text>\S.*)")
CODE = re.compile(r"(`[^`]+`)")
INDENT = "    "


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True}


def process(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Replace the lines of a docstring by their reStructuredText."""
    lines[:] = list(converted(lines))


def skip(
    app: Sphinx, what: str, name: str, obj: object, skipped: bool, options: object
) -> bool | None:
    """Leave out what pydantic and named tuples add to a class, with words of their own."""
    return True if name == "model_config" or type(obj).__name__ == "_tuplegetter" else None


def converted(lines: Sequence[str]) -> Iterator[str]:
    """The reStructuredText of a docstring."""
    for block in blocks(lines):
        yield from _block(block)
        yield ""


def blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Runs of lines that belong together: a paragraph, a table, a section with all below it."""
    block: list[str] = []
    for line in lines:
        in_section = bool(block) and SECTION.fullmatch(block[0]) is not None
        ends = bool(line) and not line.startswith(" ") if in_section else not line
        if block and (ends or SECTION.fullmatch(line)):
            yield block
            block = []
        if line or (block and in_section):
            block.append(line)
    if block:
        yield block


def _block(block: list[str]) -> Iterator[str]:
    first = block[0]
    section = SECTION.fullmatch(first)
    if section:
        below = dedent("\n".join(block[1:])).strip("\n").split("\n")
        yield from (f"**{section[1]}**", "")
        yield from _entries(below, COLON) if COLON.fullmatch(below[0]) else converted(below)
    elif first.startswith(">>>"):
        yield from block
    elif all(line.startswith(INDENT) for line in block):
        yield from ("::", "", *block)
    elif COLUMNS.fullmatch(first):
        yield from _entries(block, COLUMNS)
    else:
        yield from (escaped(line.strip()) for line in block)


def _entries(block: Sequence[str], form: re.Pattern[str]) -> Iterator[str]:
    """A definition list of entries that go on in indented lines."""
    for line in block:
        entry = form.fullmatch(line)
        if entry:
            yield f"``{entry['names']}``"
            yield f"{INDENT}{escaped(entry['text'])}"
        elif line:
            yield f"{INDENT}{escaped(line.strip())}"


def escaped(text: str) -> str:
    """Text with code as code, and nothing else that reStructuredText would take for markup."""
    return "".join(
        f"`{part}`" if CODE.fullmatch(part) else re.sub(r"([*|\\]|(?<=\w)_(?!\w))", r"\\\1", part)
        for part in CODE.split(text)
    )
