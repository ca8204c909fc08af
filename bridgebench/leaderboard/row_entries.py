"""Which plugins made a row and measured it, by what the row says of itself.

A source hash covers the code that these very plugins reach, so that it can be compared with what
is installed only for the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bridgebench.errors import BridgebenchError
from bridgebench.leaderboard.meaning import parts_of
from bridgebench.registry import Entry, Kind, Registry
from bridgebench.specs import parse_spec

_MAKERS = {
    "method": Kind.METHOD,
    "source_score": Kind.SCORE,
    "target_score": Kind.SCORE,
    "solver": Kind.SOLVER,
    "transform": Kind.TRANSFORM,
}


def entries_of_row(cells: Mapping[Any, Any], registry: Registry) -> list[Entry]:
    """The plugins that a row names and that are installed; those that are not are left out."""
    named = (*_makers(json.loads(cells["options"])), *_measuring(parts_of(cells)))
    found = (registry.entries[kind].get(name) for kind, name in named)
    return [entry for entry in found if entry is not None]


def _makers(options: object) -> Iterator[tuple[Kind, str]]:
    for part, kind in _MAKERS.items():
        value = _get(options, part)
        for link in value if isinstance(value, list) else [value]:
            yield kind, str(_get(link, "name"))


def _measuring(parts: Mapping[str, Any]) -> Iterator[tuple[Kind, str]]:
    yield Kind.DATASET, str(_get(parts.get("dataset"), "name"))
    metrics = parts.get("metrics")
    for name, part in metrics.items() if isinstance(metrics, Mapping) else ():
        yield Kind.METRIC, str(name)
        extractors = _get(part, "extractors")
        for spec in extractors if isinstance(extractors, Mapping) else ():
            yield Kind.EXTRACTOR, _name(str(spec))


def _name(spec: str) -> str:
    """The name in a spec; of what is none, a name that no plugin has."""
    try:
        return parse_spec(spec)[0]
    except BridgebenchError:
        return ""


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None
