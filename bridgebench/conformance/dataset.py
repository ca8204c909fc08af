"""Checks of datasets: ids that never change, splits apart, prefixes, domains."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import torch

from bridgebench.conformance.check import ConformanceError, require
from bridgebench.conformance.claims import (
    require_close,
    require_finite,
    require_like,
    require_sha256,
)
from bridgebench.conformance.items import joined
from bridgebench.errors import BridgebenchError, InvalidOption
from bridgebench.interfaces.dataset import Dataset, Items

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness

FEW, MANY, SOME = 8, 400, 3
SEED, OTHER_SEED = 0, 1


def domains(dataset: Dataset, harness: Harness) -> None:
    """Domains and splits have names; narrow domains are domains, and their own narrowest."""
    for what, names in (("domains", dataset.domains), ("splits", dataset.splits)):
        named = bool(names) and all(isinstance(name, str) and name for name in names)
        require(named and len(set(names)) == len(names), f"{what} with names of their own", names)
    for domain in dataset.domains:
        narrow = dataset.class_domains(domain)
        known = bool(narrow) and set(narrow) <= set(dataset.domains)
        require(known, f"narrow domains of '{domain}' that are domains themselves", narrow)
        for inner in narrow:
            own = dataset.class_domains(inner)
            require(own == (inner,), f"'{inner}' as its own only narrow domain", own)


def unknown(dataset: Dataset, harness: Harness) -> None:
    """An unknown domain or split, and more items than there are, are errors."""
    domain, split, size = next(_filled(dataset))
    for words in (("no_such_domain", split), (domain, "no_such_split")):
        try:
            dataset.items(*words, 1, SEED)
        except BridgebenchError:
            continue
        raise ConformanceError(f"a BridgebenchError for {' and '.join(words)}", "items")
    try:
        dataset.items(domain, split, size + 1, SEED)
    except InvalidOption:
        return
    raise ConformanceError(f"an InvalidOption for n={size + 1} of {size} items", "items")


def items(dataset: Dataset, harness: Harness) -> None:
    """Images are float32 of one shape without NaN, each with an id and a narrow domain."""
    shapes = set()
    for domain, split, size in _filled(dataset):
        n = min(FEW, size)
        found = dataset.items(domain, split, n, SEED)
        require(len(found) == n, f"{n} items of {domain} in {split}", len(found))
        dtype = found.images.dtype
        require(dtype == torch.float32, "images in float32", dtype)
        require_finite(found.images, f"images of {domain}")
        shapes.add(tuple(found.images.shape[1:]))
        require(all(found.ids), "an id for every item", "an empty one")
        strays = set(found.domains) - set(dataset.class_domains(domain))
        require(not strays, f"items of the narrow domains of {domain}", sorted(strays))
    require(len(shapes) == 1, "images of one shape", sorted(shapes))


def size(dataset: Dataset, harness: Harness) -> None:
    """The size is the number of different items, and that of the narrow domains together."""
    for domain, split, there in _filled(dataset):
        parts = sum(dataset.size(one, split) for one in dataset.class_domains(domain))
        require(parts == there, f"{there} items in the narrow domains of {domain}", parts)
        if there <= MANY:
            ids = dataset.items(domain, split, there, SEED).ids
            require(len(set(ids)) == there, f"{there} different ids in {domain}", len(set(ids)))


def repeatability(dataset: Dataset, harness: Harness) -> None:
    """The same call gives the same items, and another seed another order."""
    for domain, split, there in _filled(dataset):
        n = min(4 * FEW, there)
        first, again = (dataset.items(domain, split, n, SEED) for _ in range(2))
        _require_same(again, first, f"the same items of {domain} at the second call")
        other = dataset.items(domain, split, n, OTHER_SEED)
        moved = there < FEW or other.ids != first.ids
        require(moved, f"another order of {domain} for another seed", "the same order")


def prefix(dataset: Dataset, harness: Harness) -> None:
    """Fewer items are the first of more items."""
    for domain, split, there in _filled(dataset):
        more = dataset.items(domain, split, min(2 * FEW, there), SEED)
        n = max(len(more) // 2, 1)
        fewer = dataset.items(domain, split, n, SEED)
        _require_same(fewer, more.slice(0, n), f"the first {n} of {len(more)} items of {domain}")


def stream(dataset: Dataset, harness: Harness) -> None:
    """A stream gives the same items in batches, of which only the last may be shorter."""
    for domain, split, there in _filled(dataset):
        n = min(2 * FEW + 1, there)
        parts = list(dataset.stream(domain, split, n, SEED, FEW))
        sizes = [len(part) for part in parts]
        wanted = [len(part) for part in Items(torch.empty(n), ("",) * n, ("",) * n).batches(FEW)]
        require(sizes == wanted, f"{n} items of {domain} in batches of {wanted}", sizes)
        whole = dataset.items(domain, split, n, SEED)
        _require_same(joined(parts), whole, f"the items of {domain} in its stream")


def disjoint_splits(dataset: Dataset, harness: Harness) -> None:
    """No item is in two splits."""
    for domain in {one for each in dataset.domains for one in dataset.class_domains(each)}:
        ids = {
            split: set(dataset.items(domain, split, min(there, MANY), SEED).ids)
            for split in dataset.splits
            if (there := dataset.size(domain, split))
        }
        for (one, first), (other, second) in combinations(ids.items(), 2):
            both = sorted(first & second)
            require(not both, f"{one} and {other} of {domain} apart", f"{both[:3]} in both")


def pairs(dataset: Dataset, harness: Harness) -> None:
    """Every item of paired domains has its true target, alone as with others; no pair is an error.

    Three pairs of domains are tried, and one without pairs.
    """
    both = list(permutations(dataset.domains, 2))
    paired = [each for each in both if dataset.has_pairs(*each)]
    for source, target in paired[:SOME]:
        for domain, split, there in _filled(dataset):
            if domain != source:
                continue
            found = dataset.items(source, split, min(there, MANY), SEED)
            targets = dataset.true_targets(found, source, target, split, SEED)
            require_like(targets, found.images, f"true targets of {source} in {target}")
            require_finite(targets, f"true targets of {source} in {target}")
            low, high = _range(dataset, harness)
            inside = low <= targets.min().item() and targets.max().item() <= high
            require(inside, f"true targets in [{low:g}, {high:g}]", "others")
            alone = dataset.true_targets(found.slice(0, 1), source, target, split, SEED)
            require_close(alone, targets[:1], 0.0, f"the same true target of {source} alone")
    for source, target in [each for each in both if each not in paired][:1]:
        domain, split, _ = next(filled for filled in _filled(dataset) if filled[0] == source)
        try:
            dataset.true_targets(dataset.items(domain, split, 1, SEED), source, target, split, SEED)
        except BridgebenchError:
            continue
        raise ConformanceError(f"an error for true targets of {source} in {target}", "images")


def files(dataset: Dataset, harness: Harness) -> None:
    """The files that decide the images are named with their sha256."""
    named = dict(dataset.files())
    require_sha256(named)
    require(dict(dataset.files()) == named, "the same files at the second call", "others")


CHECKS = (
    domains,
    unknown,
    items,
    size,
    repeatability,
    prefix,
    stream,
    disjoint_splits,
    pairs,
    files,
)


def _filled(dataset: Dataset) -> Iterator[tuple[str, str, int]]:
    """Each domain and split that has items, and how many; at least one."""
    sizes = {(d, s): dataset.size(d, s) for d in dataset.domains for s in dataset.splits}
    require(any(sizes.values()), "a domain with items", "none")
    return ((domain, split, n) for (domain, split), n in sizes.items() if n)


def _range(dataset: Dataset, harness: Harness) -> tuple[float, float]:
    """That of the task's items, if they are of this dataset."""
    item = harness.task.item
    return (item.low, item.high) if dataset == harness.dataset else (-math.inf, math.inf)


def _require_same(found: Items, wanted: Items, what: str) -> None:
    require(found.ids == wanted.ids, what, f"ids {found.ids[:3]}, not {wanted.ids[:3]}")
    require(found.domains == wanted.domains, what, "other domains")
    dtype = found.images.dtype
    require(dtype == wanted.images.dtype, f"{what}, in {wanted.images.dtype}", dtype)
    require_close(found.images, wanted.images, 0.0, what)
