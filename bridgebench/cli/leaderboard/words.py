"""The words of the leaderboard commands: files, and WORD=VALUE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bridgebench.errors import InvalidOption, UnknownName


@dataclass(frozen=True)
class Words:
    """Files and options as they were typed."""

    paths: tuple[Path, ...]
    options: dict[str, str]

    def only(self, command: str, known: Sequence[str]) -> Words:
        """The same; UnknownName where there is an option that the command does not have."""
        for key in self.options:
            if key not in known:
                raise UnknownName(f"word of {command}", key, known)
        return self

    @property
    def one_path(self) -> Path:
        """The file of a command that takes one."""
        if len(self.paths) != 1:
            raise InvalidOption(f"{len(self.paths)} files are named; give one")
        return self.paths[0]

    def path(self, name: str) -> Path | None:
        """The path that an option names, None where it is not given."""
        return Path(self.options[name]) if name in self.options else None


def split_words(words: Sequence[str]) -> Words:
    """Separate files from options; an existing file whose name contains = is a file."""
    paths: list[Path] = []
    options: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and key.isidentifier()) or Path(word).exists():
            paths.append(Path(word))
        elif not value or key in options:
            raise InvalidOption(f"'{word}' must be {key}=VALUE, given once")
        else:
            options[key] = value
    if not paths:
        raise InvalidOption("no file is named; give the path of a leaderboard.csv")
    return Words(tuple(paths), options)
