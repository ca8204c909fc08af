"""Source images of a task as files, to translate with a model outside bridgebench."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from bridgebench.errors import InvalidOption, OutputError
from bridgebench.files.atomic import write_atomically
from bridgebench.plan.items import check_first, check_savable, check_size
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.plugins.specs import build
from bridgebench.tasks.lookup import find_task
from bridgebench.toolkit.item_files import item_file

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.interfaces.dataset import Items
    from bridgebench.plan.choices import Choices

MANIFEST = "manifest.csv"
HEADER = ("id", "seed", "file", "domain", "sha256")
WORDS = ("task", "protocol", "out", "n", "seed")

PART = 256
"""Images in memory at a time."""


def export_sources(
    registry: Registry, choices: Choices, progressed: Callable[[int, int], None]
) -> Path:
    """Write the source images of a task as PNG files and a manifest; returns the manifest.

    `choices` names the task and `out`, and n, seed or protocol where wanted. The manifest is
    written last: a folder that has one is whole. `progressed` is given images written and in all.

    Raises:
        InvalidOption: another word of a run, no `out`, or items that are no images.
        OutputError: `out` is not an empty folder, or cannot be written.
    """
    out = _checked_out(choices)
    task = find_task(registry, choices.task)
    protocol = task.protocol(choices.protocol)
    from bridgebench.interfaces.dataset import Dataset
    from bridgebench.toolkit.pictures import image_png

    dataset = build(registry, Kind.DATASET, Dataset, task.dataset)
    seeds = tuple(dict.fromkeys(choices.seed or protocol.seeds))
    n = choices.n or protocol.n
    check_savable(task, "export")
    check_size(task, dataset, n)
    check_first(task, dataset, seeds[0])
    rows: list[tuple[str, ...]] = []
    for seed in seeds:
        parts = dataset.stream(task.source.domain, task.source.split, n, seed, PART)
        for image, item, domain in chain.from_iterable(map(_each, parts)):
            name = item_file(seed, item)
            path = out / name
            with _writing(out):
                path.parent.mkdir(parents=True, exist_ok=True)
                content = image_png(image, task.item.low, task.item.high)
                write_atomically(path, content, durable=False)
            sha256 = hashlib.sha256(content).hexdigest()
            rows.append((item, str(seed), str(name), domain, sha256))
            progressed(len(rows), n * len(seeds))
    with _writing(out):
        (out / MANIFEST).write_text(_csv(rows), encoding="utf-8")
    return out / MANIFEST


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"out={out} cannot be written ({error.strerror}); give out=FOLDER elsewhere"
        ) from error


def _each(items: Items) -> Iterator[tuple[Tensor, str, str]]:
    return zip(items.images, items.ids, items.domains, strict=True)


def _checked_out(choices: Choices) -> Path:
    for word in sorted(choices.model_fields_set - set(WORDS)):
        raise InvalidOption(f"'{word}' is no word of export; it takes {', '.join(WORDS)}")
    if choices.out is None:
        raise InvalidOption("'out' must be given, as out=FOLDER")
    try:
        if choices.out.exists() and (not choices.out.is_dir() or any(choices.out.iterdir())):
            raise OutputError(
                f"out={choices.out} is there and not an empty folder; nothing is overwritten, give "
                "another one"
            )
    except OSError as error:
        raise OutputError(f"out={choices.out} cannot be read: {error.strerror}") from error
    return choices.out


def _csv(rows: list[tuple[str, ...]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return stream.getvalue()
