"""Which images there are: found in folders, or named by a CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bridgebench import IntegrityError, uniform
from bridgebench_files.picture import SUFFIXES

SPLITS = ("train", "test")
MAX_CSV_BYTES = 50 * 2**20
NEEDED = ("path", "domain")
POSSIBLE = ("split", "id")

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
    for path in place.rglob("*"):
        inner = path.relative_to(place)
        hidden = any(part.startswith(".") for part in inner.parts)
        if hidden or path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        *folders, _ = inner.parts
        split = next((word for word in folders[:2] if word in SPLITS), "")
        if split:
            folders.remove(split)
        if not folders:
            raise IntegrityError(
                f"{path} is in no domain; put it into {place}/DOMAIN/ or {place}/DOMAIN/{SPLITS[0]}"
            )
        yield Listed(path, folders[0], split, inner.with_suffix("").as_posix())


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
