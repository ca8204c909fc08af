"""The errors of bridgebench.

Each message is one line: what is wrong, what was expected, and the remedy.

    BridgebenchError
    ├── UsageError            the command or call asks for something that does not exist or fit
    │   ├── UnknownName       a plugin, option, protocol or domain that is not there
    │   ├── InvalidOption     an option of the wrong type or out of its range
    │   └── BudgetError       an NFE budget that a solver cannot meet
    ├── IntegrityError        a file that is not what its size, hash or schema says
    ├── PluginError           a plugin that cannot be loaded, or breaks its interface
    │   ├── Damage            a plugin that changed what others share
    │   └── DuplicateName     two distributions that claim one name
    └── OutputError           a folder for results that cannot be used
"""

import difflib
from collections.abc import Iterable


class BridgebenchError(Exception):
    """Base of every error that bridgebench raises on purpose."""


class UsageError(BridgebenchError):
    """The command or call asks for something that does not exist or does not fit."""


class UnknownName(UsageError):
    """A name that is not there; says which come near it.

    With a `remedy` of its own it says all that there are, and that.
    """

    def __init__(self, what: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        if remedy and names:
            remedy = f"there are: {', '.join(names)}; {remedy}"
        elif near:
            remedy = f"did you mean {' or '.join(near)}?"
        elif names:
            remedy = f"there are: {', '.join(names)}"
        else:
            remedy = "there are none"
        super().__init__(f"unknown {what} '{name}'; {remedy}")


class InvalidOption(UsageError):
    """An option of the wrong type or out of its range."""


class BudgetError(UsageError):
    """An NFE budget that a solver cannot meet exactly."""


class IntegrityError(BridgebenchError):
    """A file that is not what its size, hash or schema says."""


class PluginError(BridgebenchError):
    """A plugin that cannot be loaded, or breaks its interface."""


class Damage(PluginError):
    """A plugin that changed what others share; what was computed meanwhile is not to be used."""


class DuplicateName(PluginError):
    """Two distributions that claim one name of one kind."""


class OutputError(BridgebenchError):
    """A folder for results that cannot be used."""
