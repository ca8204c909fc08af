"""The version of the interfaces in this package, and what each version changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Version:
    """A version of the interfaces.

    changed  what a plugin written for the version before has to do, in a few words
    """

    number: int
    changed: str


VERSIONS = (
    Version(1, "the first version"),
    Version(
        2,
        "methods translate one cell and declare networks, stages and fits; solvers take random "
        "draws; see docs/how-to/move-to-api-2.md",
    ),
)
"""Every version that there was, in order. A change that breaks plugins adds one."""

API_VERSION = VERSIONS[-1].number
"""A plugin module says for which version it was written: `api = 2`."""


def objection(api: object, versions: Sequence[Version] = VERSIONS) -> str:
    """Why a plugin that says `api` cannot be used, in one line; "" where it can.

    An older plugin is told what changed since, a newer one what to install.

    >>> two = (Version(1, "the first version"), Version(2, "translate() takes a context"))
    >>> objection(2, two)
    ''
    >>> objection(1, two)
    'it is written for version 1 of the interfaces, this bridgebench has version 2; changed in \
version 2: translate() takes a context; then say api = 2'
    """
    here = versions[-1].number
    if not isinstance(api, int) or isinstance(api, bool) or api < versions[0].number:
        return (
            f"its module says api = {api!r}, and must say for which version of the interfaces it "
            f"was written, {versions[0].number} to {here}: api = {here}"
        )
    if api > here:
        return (
            f"it is written for version {api} of the interfaces, this bridgebench has version "
            f"{here}; install a newer bridgebench or an older release of the plugin"
        )
    if api == here:
        return ""
    since = "; ".join(
        f"changed in version {version.number}: {version.changed}"
        for version in versions
        if version.number > api
    )
    return (
        f"it is written for version {api} of the interfaces, this bridgebench has version {here}; "
        f"{since}; then say api = {here}"
    )
