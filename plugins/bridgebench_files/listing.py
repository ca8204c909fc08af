"""Which images there are: found in folders, or named by a CSV."""

from __future__ import annotations

import csv
import io
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bridgebench import IntegrityError, uniform
from bridgebench_files.picture import SUFFIXES

SPLITS = ("train", "test")
MAX_CSV_BYTES = 50 * 2**20
NEEDED = ("path", "domain")
POSSIBLE = ("split", "id")

IGNORED_FOLDERS = ("@eaDir", "__MACOSX", "$RECYCLE.BIN")
"""Folders that systems leave beside images, with thumbnails in them."""

IGNORED_FILES = ("Thumbs.db", "desktop.ini")
"""Files that systems leave beside images."""

_PAIRED = re.compile(r"(train|test)([AB])")
"""The folders of unpaired data as CycleGAN has them: trainA, trainB, testA, testB."""

_DOMAIN = re.compile(r"[^\W_][\w.:-]{0,99}")
_ID = re.compile(r"[^\W_][^\x00-\x1f\x7f\\]{0,199}")


@dataclass(frozen=True)
class Listed:
    """An image among others.

    path   where it is
    split  "train", "test", or "" where it is left to its id
    """

    path: Path
    domain: str
    split: str
    id: str


def listed_in(place: Path) -> tuple[Listed, ...]:
    """The images of a folder, or of a CSV file, sorted by id.

    IntegrityError, one line, where there is none, or where they cannot be told apart.
    """
    if place.is_dir():
        found = list(_in_folder(place))
        hint = f"put them into {place}/DOMAIN/ or {place}/DOMAIN/{'|'.join(SPLITS)}/"
    elif place.is_file():
        found = list(_in_csv(place))
        hint = "name one a line"
    else:
        raise IntegrityError(f"there is no folder or CSV file {place}; give path=PATH of yours")
    if not found:
        raise IntegrityError(f"{place} has no images ({', '.join(SUFFIXES)}); {hint}")
    _check(place, found)
    return tuple(sorted(found, key=lambda each: each.id))


def split_of(listed: Sequence[Listed], test_share: float) -> tuple[str, ...]:
    """The split of each: the one it is in, or one that follows from its id alone."""
    draws = uniform(0, "split", [each.id for each in listed]).tolist()
    return tuple(
        each.split or ("test" if draw < test_share else "train")
        for each, draw in zip(listed, draws, strict=True)
    )


def _in_folder(place: Path) -> Iterator[Listed]:
    skipped: Counter[str] = Counter()
    for path in _files_below(place, skipped):
        inner = path.relative_to(place)
        if path.suffix.lower() not in SUFFIXES:
            skipped[f"no image ({path.suffix or 'no ending'})"] += 1
            continue
        split, folders = _split_and_folders(inner.parts[:-1])
        if not folders:
            raise IntegrityError(
                f"{path} is in no domain; put it into {place}/DOMAIN/ or {place}/DOMAIN/{SPLITS[0]}"
            )
        yield Listed(path, folders[0], split, inner.with_suffix("").as_posix())
    if skipped:
        counts = ", ".join(f"{count} {why}" for why, count in sorted(skipped.items()))
        warnings.warn(f"{place}: skipped {skipped.total()} files: {counts}", stacklevel=2)


def _files_below(place: Path, skipped: Counter[str]) -> Iterator[Path]:
    """The files below a folder, through linked folders too, less those that systems leave."""
    walked: set[str] = set()
    for folder, folders, files in os.walk(place, followlinks=True):
        real = os.path.realpath(folder)
        if real in walked:
            folders.clear()
            skipped["in a folder that was read before"] += len(files)
            continue
        walked.add(real)
        for name in [each for each in folders if each.startswith(".") or each in IGNORED_FOLDERS]:
            folders.remove(name)
            skipped[f"in {name}"] += sum(len(inner) for _, _, inner in os.walk(f"{folder}/{name}"))
        for name in files:
            path = Path(folder, name)
            if name.startswith(".") or name in IGNORED_FILES:
                continue
            if path.is_file():
                yield path
            else:
                skipped["no regular file"] += 1


def _split_and_folders(folders: Sequence[str]) -> tuple[str, list[str]]:
    """The split that the first two folders name, in any case, and the folders that remain.

    >>> _split_and_folders(["Train", "cats"]), _split_and_folders(["cats", "more"])
    (('train', ['cats']), ('', ['cats', 'more']))
    >>> _split_and_folders(["testA"])
    ('test', ['A'])
    """
    paired = _PAIRED.fullmatch(folders[0]) if folders else None
    if paired:
        return paired[1], [paired[2], *folders[1:]]
    for place, name in enumerate(folders[:2]):
        if name.lower() in SPLITS:
            return name.lower(), [*folders[:place], *folders[place + 1 :]]
    return "", list(folders)


def _in_csv(place: Path) -> Iterator[Listed]:
    for number, row in enumerate(_rows(place), start=1):
        where = f"{place}, row {number}"
        path = PurePosixPath(row["path"])
        outside = path.is_absolute() or ".." in path.parts or "\\" in row["path"]
        if outside or not path.name:
            raise IntegrityError(
                f"{where}: the path {row['path'][:80]!r} must be relative to the CSV and below it"
            )
        split = row.get("split", "")
        if split and split not in SPLITS:
            raise IntegrityError(f"{where}: the split {split[:80]!r} must be {' or '.join(SPLITS)}")
        own = row.get("id", "") or path.with_suffix("").as_posix()
        yield Listed(place.parent / path, row["domain"], split, own)


def _rows(place: Path) -> list[Mapping[str, str]]:
    """The rows of a CSV by column; a byte order mark and CRLF, as Excel writes them, are fine."""
    try:
        size = place.stat().st_size
        if size > MAX_CSV_BYTES:
            raise IntegrityError(f"{place} has {size} bytes, more than {MAX_CSV_BYTES}")
        text = place.read_bytes().decode("utf-8-sig")
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except OSError as error:
        raise IntegrityError(f"{place} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{place} is not UTF-8: byte {error.start} does not fit") from error
    except csv.Error as error:
        raise IntegrityError(f"{place} is not a CSV: {error}") from error
    except ValueError as error:
        raise IntegrityError(f"{place} is empty; it starts with a line path,domain") from error
    _check_header(place, header)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise IntegrityError(
                f"{place}, row {number} has {len(row)} cells, the header has {len(header)}"
            )
    return [dict(zip(header, row, strict=True)) for row in rows]


def _check_header(place: Path, header: Sequence[str]) -> None:
    said = f"its first line is {','.join(NEEDED)}, then {' and '.join(POSSIBLE)} where wanted"
    if len(header) == 1 and ";" in header[0]:
        raise IntegrityError(f"{place} is separated by semicolons; save it with commas")
    for name in NEEDED:
        if name not in header:
            raise IntegrityError(f"{place} lacks the column '{name}'; {said}")
    for name in header:
        if name not in (*NEEDED, *POSSIBLE):
            raise IntegrityError(f"{place} has the unknown column {name[:80]!r}; {said}")
        if list(header).count(name) > 1:
            raise IntegrityError(f"{place} has the column '{name}' twice; {said}")


def _check(place: Path, found: Sequence[Listed]) -> None:
    known: dict[str, Path] = {}
    for each in found:
        if not _DOMAIN.fullmatch(each.domain):
            raise IntegrityError(
                f"{place} has the domain {each.domain[:80]!r}; a domain starts with a letter or "
                "digit and goes on with letters, digits, _ . : -"
            )
        parts = each.id.split("/")
        if not _ID.fullmatch(each.id) or any(part in ("", ".", "..") for part in parts):
            raise IntegrityError(
                f"{place} has the id {each.id[:80]!r}; an id starts with a letter or digit and is "
                "up to 200 characters of names joined by single /"
            )
        if each.id in known:
            raise IntegrityError(
                f"{place} has the id {each.id!r} twice, for {known[each.id]} and {each.path}; "
                "rename one"
            )
        known[each.id] = each.path
    without = next((each for each in found if not each.split), None)
    if without and any(each.split for each in found):
        raise IntegrityError(
            f"{place} says the split of some images but not of {without.path}; say it of all or "
            "of none"
        )
