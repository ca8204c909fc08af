"""Items that are drawn and not stored: how many there are, their ids and their order."""

from __future__ import annotations

from bridgebench import InvalidOption, UnknownName, generator

DOMAINS = ("source", "target")
SPLITS = ("train", "test")


def check_domain(dataset: str, domain: str) -> None:
    """UnknownName unless it is one of DOMAINS."""
    if domain not in DOMAINS:
        raise UnknownName(f"domain of {dataset}", domain, DOMAINS)


def check_split(dataset: str, split: str) -> None:
    """UnknownName unless it is one of SPLITS."""
    if split not in SPLITS:
        raise UnknownName(f"split of {dataset}", split, SPLITS)


def first_numbers(
    dataset: str, domain: str, split: str, n: int, size: int, seed: int
) -> tuple[int, ...]:
    """The first `n` of `size` item numbers in the order of the seed, split and domain.

    InvalidOption unless 1 <= n <= size.
    """
    if not 1 <= n <= size:
        raise InvalidOption(
            f"n={n} items of {domain} in the {split} split of {dataset}; there are 1 to {size}"
        )
    order = generator(seed, "order", f"{dataset}/{split}/{domain}").permutation(size)
    return tuple(int(number) for number in order[:n])
