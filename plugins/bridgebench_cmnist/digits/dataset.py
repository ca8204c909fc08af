"""The dataset `cmnist`: MNIST digits, each in one hue of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Dataset, InvalidOption, Items, UnknownName
from bridgebench.toolkit.randomness import generator, uniform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bridgebench_cmnist.digits.files import Split

_DIGITS = range(10)


class ColoredMnist(Dataset):
    """MNIST digits at 32x32 pixels on black, each at full saturation in a random hue.

    Domains: `digits` (all), `digit:7` (sevens, say), `not_digit:7` (all but sevens). The hue is
    uniform on [0, 360) degrees and a function of (seed, split, item).
    """

    name: ClassVar[str] = "cmnist"
    domains: ClassVar[tuple[str, ...]] = (
        "digits",
        *(f"digit:{d}" for d in _DIGITS),
        *(f"not_digit:{d}" for d in _DIGITS),
    )
    splits: ClassVar[tuple[str, ...]] = ("train", "test")

    def size(self, domain: str, split: str) -> int:
        """How many digits `domain` has in `split`."""
        return len(self._members(domain, split))

    def class_domains(self, domain: str) -> tuple[str, ...]:
        """The single digits that `domain` is made of."""
        return tuple(f"digit:{d}" for d in sorted(_digits_of(domain)))

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        """The first `n` digits of `domain` in the order of `seed`, colored by `seed`.

        images (n, 3, 32, 32) float32 in [-1, 1]; ids such as "test/00042", which count the digits
        of the IDX file; domains such as "digit:3". InvalidOption where there are fewer than `n`.
        """
        return _colored(self._chosen(domain, split, n, seed), split, seed)

    def stream(self, domain: str, split: str, n: int, seed: int, size: int) -> Iterator[Items]:
        """The same in batches of `size`, each colored when it is asked for."""
        chosen = self._chosen(domain, split, n, seed)
        for start in range(0, n, size):
            yield _colored(chosen[start : start + size], split, seed)

    def files(self) -> Mapping[str, str]:
        """The four IDX files and their sha256, checked; IntegrityError if one was altered."""
        from bridgebench_cmnist.digits.files import check_files

        return check_files()

    def _chosen(self, domain: str, split: str, n: int, seed: int) -> NDArray[np.intp]:
        """Indices of the first `n` digits of `domain` in the order of `seed`."""
        members = self._members(domain, split)
        if not 0 < n <= len(members):
            raise InvalidOption(
                f"n={n} images of {domain} in the {split} split of {self.name}; "
                f"there are 1 to {len(members)}"
            )
        order = generator(seed, "order", f"{split}/{domain}").permutation(len(members))
        return members[order[:n]]

    def _members(self, domain: str, split: str) -> NDArray[np.intp]:
        """Indices of the digits of `domain` in the order of the IDX file."""
        import numpy as np

        from bridgebench_cmnist.digits.files import load_labels

        wanted = sorted(_digits_of(domain))
        return np.flatnonzero(np.isin(load_labels(_split(split)), wanted))


def _colored(chosen: NDArray[np.intp], split: str, seed: int) -> Items:
    """The digits of some indices, in their hues."""
    from bridgebench_cmnist.digits.coloring import color_digits
    from bridgebench_cmnist.digits.files import load_digits

    digits = load_digits(_split(split))
    ids = tuple(f"{split}/{index:05d}" for index in chosen)
    hues = 360.0 * uniform(seed, "hue", ids).numpy()
    return Items(
        images=color_digits(digits.images[chosen], hues),
        ids=ids,
        domains=tuple(f"digit:{label}" for label in digits.labels[chosen]),
    )


def _split(split: str) -> Split:
    if split == "train":
        return "train"
    if split == "test":
        return "test"
    raise UnknownName("split of cmnist", split, ColoredMnist.splits)


def _digits_of(domain: str) -> frozenset[int]:
    """The digits that a domain is made of.

    >>> sorted(_digits_of("not_digit:7"))
    [0, 1, 2, 3, 4, 5, 6, 8, 9]
    """
    if domain not in ColoredMnist.domains:
        raise UnknownName("domain of cmnist", domain, ColoredMnist.domains)
    kind, _, digit = domain.partition(":")
    everything = frozenset(_DIGITS)
    if kind == "digits":
        return everything
    one = frozenset({int(digit)})
    return one if kind == "digit" else everything - one
