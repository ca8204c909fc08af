"""What a text cell of the table may hold.

A leaderboard is read by other people's spreadsheets and browsers, so no cell may start a formula,
break a line, or show a path of the machine that made it.
"""

from __future__ import annotations

import re
import unicodedata

from bridgebench.files.printable import hidden

MAX_CELL = 65_536
MAX_REASON = 300
UNUSED = "-"
"""The cell of a text axis that the method does not use."""

_FORMULA = ("=", "+", "-", "@")
_PATH = re.compile(
    r"""(?:^|(?<=[\s"'`=:;,(\[{<]))     # where a word starts
        (?:~|\.{1,2})?/[^\s"'`,;)\]}>]+ # /home/ada, ~/data, ../up, ./here
      | \.\.[/\\]                       # a step up inside a longer word
      | \b[A-Za-z]:[\\/][^\s"'`,;]*     # C:\Users
      | \\\\[^\s"'`,;]+                 # \\server\share
    """,
    re.VERBOSE,
)
_ALIKE = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "FULLWIDTH"})
"""Scripts with letters that look like those of another script."""

_VALUE = re.compile(r'="[^"]*"|=[^:+]*')
"""What an option is set to, in a spec."""


def objection(text: str) -> str:
    """Why a cell must not hold this text, or "".

    >>> objection("=HYPERLINK(...)")
    'starts with =, which a spreadsheet takes for a formula'
    >>> objection("dpm:variant=2s"), objection("-")
    ('', '')
    """
    if len(text) > MAX_CELL:
        return f"has {len(text)} characters, more than {MAX_CELL}"
    unseen = next(filter(hidden, text), "")
    if unseen:
        return f"has the control character {unseen!a}"
    if text.startswith(_FORMULA) and text != UNUSED:
        return f"starts with {text[0]}, which a spreadsheet takes for a formula"
    found = _PATH.search(text)
    if found:
        return f"shows the path {found.group().strip()[:80]!r}"
    return ""


def name_objection(spec: str) -> str:
    """Why a cell must not name a plugin like this, or "".

    Names of plugins and options are ASCII, so that none looks like another. A value, such as the
    name of a folder, may have other letters, but no word may mix scripts that look alike.

    >>> name_objection("outputs:folder=Ausgänge"), name_objection("ddib:start=noised")
    ('', '')
    >>> name_objection("dd\u0456b")
    "has the letter 'і' (CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I) in a name"
    """
    named = _VALUE.sub("=", spec)
    for letter in named:
        if not letter.isascii():
            return f"has the letter {letter!r} ({unicodedata.name(letter, '?')}) in a name"
    for word in re.findall(r"\w+", spec):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in word if letter.isalpha()}
        if len(scripts & _ALIKE) > 1:
            return f"mixes {' and '.join(sorted(scripts))} letters in the word {word[:40]!r}"
    return ""


def plain_reason(text: str) -> str:
    r"""A reason as a cell can show it: one line, no path but the file's name, not too long.

    >>> plain_reason("=cannot read\n/home/ada/weights.safetensors: no such file")
    'reason: =cannot read weights.safetensors: no such file'
    """
    line = " ".join("".join(" " if hidden(one) else one for one in text).split())
    line = _PATH.sub(lambda found: _file_name(found.group()), line)
    if line.startswith(_FORMULA):
        line = f"reason: {line}"
    return line if len(line) <= MAX_REASON else f"{line[: MAX_REASON - 3]}..."


def _file_name(path: str) -> str:
    """The last part of a path; a colon that ends it belongs to the sentence."""
    bare = path.rstrip(":")
    return re.split(r"[/\\]", bare.rstrip("/\\"))[-1] + path[len(bare) :]
