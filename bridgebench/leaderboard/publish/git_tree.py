"""What is in the commits of a git repository, read without touching its working tree."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bridgebench.errors import IntegrityError, UsageError

REGULAR = "100644"
SECONDS = 120


@dataclass(frozen=True)
class Change:
    """A path that differs between two commits; modes are git's, 000000 where it is not there."""

    path: str
    mode_before: str
    mode: str

    @property
    def is_new(self) -> bool:
        """Whether nothing was there before."""
        return self.mode_before == "000000"

    @property
    def is_file(self) -> bool:
        """Whether it is now a regular file that cannot be executed."""
        return self.mode == REGULAR


@dataclass(frozen=True)
class GitTree:
    """A repository, by its top folder."""

    folder: Path

    @classmethod
    def around(cls, folder: Path) -> GitTree:
        """The repository that a folder is in; UsageError where it is in none."""
        top = cls(folder)._git("rev-parse", "--show-toplevel")
        return cls(Path(top.decode().rstrip("\n")))

    def merge_base(self, commit: str) -> str:
        """The commit at which HEAD left `commit`; UsageError where there is none."""
        named = self._git("rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}")
        return self._git("merge-base", named.decode().strip(), "HEAD").decode().strip()

    def changes(self, since: str, below: str) -> list[Change]:
        """Every path below a folder that HEAD has changed, its kind included."""
        flags = ("--raw", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-abbrev")
        fields = self._git("diff-tree", "-r", *flags, since, "HEAD", "--", below).split(b"\0")
        found = []
        for facts, path in zip(fields[0:-1:2], fields[1::2], strict=True):
            before, now, *_ = facts.decode().removeprefix(":").split()
            found.append(Change(_text(path), before, now))
        return found

    def files(self, commit: str, below: str) -> list[str]:
        """The regular files below a path of a commit."""
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", commit, "--", below).split(b"\0")
        parts = (entry.partition(b"\t") for entry in listed if entry)
        return [_text(path) for facts, _, path in parts if facts.startswith(REGULAR.encode())]

    def content(self, commit: str, path: str, most: int) -> bytes:
        """The bytes of a file of a commit; IntegrityError for more than `most`."""
        name = f"{commit}:{path}"
        size = int(self._git("cat-file", "-s", name))
        if size > most:
            raise IntegrityError(f"{path} has {size} bytes, more than the {most} allowed")
        return self._git("cat-file", "blob", name)

    def _git(self, *words: str) -> bytes:
        try:
            done = subprocess.run(
                ["git", "--literal-pathspecs", *words],
                cwd=self.folder,
                capture_output=True,
                check=True,
                timeout=SECONDS,
            )
        except FileNotFoundError as error:
            raise UsageError("git is not installed; a submission is read from git") from error
        except subprocess.TimeoutExpired as error:
            raise UsageError(f"git {words[0]} took longer than {SECONDS} s") from error
        except subprocess.CalledProcessError as error:
            said = " ".join(error.stderr.decode(errors="replace").split())[:200]
            raise UsageError(f"git {words[0]} failed: {said}; name a commit of this one") from error
        return done.stdout


def _text(path: bytes) -> str:
    return path.decode("utf-8", errors="backslashreplace")
