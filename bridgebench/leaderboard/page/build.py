"""Boards into one HTML file, with its style, its scripts, its data and its pictures inside.

The page asks the network for nothing, and its content security policy forbids it to: scripts run
only if they are the ones whose hashes the page names, and pictures are data of the page itself.
What comes from a CSV is data that a script puts into text nodes; it is never read as HTML, and what
cannot be seen of it is shown as its escape sequence.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any

from bridgebench.files.printable import printable
from bridgebench.leaderboard.page.payload import Shown, payload
from bridgebench.leaderboard.page.strips import Thumbnail, strips_of

VENDOR = ("d3", "plot")
SCRIPTS = ("dom", "format", "view", "cells", "details", "table", "plots", "charts", "main")
"""The parts of the page's own script, in the order in which each needs those before it."""


def build_page(shown: Sequence[Shown]) -> str:
    """The page of some boards; IntegrityError for a picture that is none."""
    here = files("bridgebench.leaderboard.page")
    vendor = [_vendored(here, name) for name in VENDOR]
    own = "\n".join(_read(here, "script", f"{name}.js") for name in SCRIPTS)
    app = f'(() => {{\n"use strict";\n{own}\n}})();'
    scripts = [*vendor, app]
    return Template(_read(here, "template.html")).substitute(
        policy=_policy(scripts),
        style=_read(here, "style.css"),
        data=embedded(seen(payload(shown))),
        strips="\n".join(_strip(name, picture) for name, picture in strips_of(shown)),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def embedded(value: object) -> str:
    """JSON that cannot end the script element it stands in, or be read as markup.

    >>> embedded({"method": "</script><b>"})
    '{"method":"\\\\u003c/script\\\\u003e\\\\u003cb\\\\u003e"}'
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def seen(value: Any) -> Any:
    r"""A JSON value in which every text is printable.

    >>> seen({"method": ["ddib\u202e", 1]})
    {'method': ['ddib\\u202e', 1]}
    """
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {seen(key): seen(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [seen(inner) for inner in value]
    return value


def _strip(name: str, picture: Thumbnail) -> str:
    code = base64.b64encode(picture.webp).decode("ascii")
    labels = html.escape(json.dumps(seen(list(picture.labels))))
    size = f'data-width="{picture.width}" data-height="{picture.height}"'
    return (
        f'<script type="text/plain" id="strip-{name}" {size} data-labels="{labels}">{code}</script>'
    )


def _policy(scripts: Iterable[str]) -> str:
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _vendored(here: Traversable, name: str) -> str:
    """A library with its license above it, as the license asks."""
    license_text = _read(here, "vendor", f"{name}.LICENSE").strip()
    return f"/*\n{license_text}\n*/\n{_read(here, 'vendor', f'{name}.min.js')}"


def _read(here: Traversable, *parts: str) -> str:
    return here.joinpath(*parts).read_text(encoding="utf-8")
