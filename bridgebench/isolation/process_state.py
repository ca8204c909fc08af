"""The state of the process that plugins share with the core: read, compared, put back."""

from __future__ import annotations

import locale
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

TINY = sys.float_info.min

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGUSR1)

PRECISIONS = (
    ("generic", "all"),
    *(("cuda", operation) for operation in ("all", "matmul", "conv", "rnn")),
    *(("mkldnn", operation) for operation in ("all", "matmul", "conv", "rnn")),
)
"""Backends and operations whose precision torch keeps apart."""

WATCHED = (
    *("torch", "torch.nn", "torch.nn.functional", "torch.linalg", "torch.fft", "torch.random"),
    *("numpy", "numpy.linalg", "numpy.random", "numpy.fft", "scipy", "scipy.linalg"),
    *("torchmetrics", "PIL", "PIL.Image", "safetensors", "safetensors.torch", "random", "math"),
    *("bridgebench", "bridgebench.toolkit.color", "bridgebench.toolkit.probability_flow"),
    *("bridgebench.toolkit.randomness", "bridgebench.toolkit.item_meter"),
    *("bridgebench.toolkit.statistics.intervals", "bridgebench.execute.scoring"),
    *(
        "bridgebench.execute.cell",
        "bridgebench.execute.workers.runner",
        "bridgebench.execute.records",
    ),
)
"""Modules that decide numbers and that a plugin must not replace."""


@dataclass(frozen=True)
class State:
    """A part of the state of the process.

    what    in words
    read    its value; compared by `==`
    write   puts a value back
    fresh   its value when torch has just been loaded, for one that torch holds
    """

    what: str
    read: Callable[[], Any]
    write: Callable[[Any], object]
    fresh: Any = None


class Modules(dict[str, ModuleType | None]):
    """Modules by name; equal where each that was there is still the same."""

    def __eq__(self, later: object) -> bool:
        return isinstance(later, dict) and all(
            later.get(name) is module for name, module in self.items() if module is not None
        )

    def __ne__(self, later: object) -> bool:
        return not self == later

    def replaced_in(self, later: Mapping[str, ModuleType | None]) -> str:
        """The names whose modules are others in `later`."""
        return ", ".join(name for name in self if self[name] and later[name] is not self[name])


@dataclass(frozen=True, eq=False)
class Random:
    """The state of torch's global generator; equal where nobody has seeded it in between."""

    seed: int
    state: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Random) and self.seed == other.seed


def _torch() -> Any:
    return sys.modules["torch"]


def _modules() -> Modules:
    return Modules((name, sys.modules.get(name)) for name in WATCHED)


def _write_modules(before: Modules) -> None:
    sys.modules.update({name: module for name, module in before.items() if module is not None})


def _cudnn() -> tuple[bool, ...]:
    ours = _torch().backends.cudnn
    return ours.enabled, ours.benchmark, ours.deterministic, ours.allow_tf32


def _write_cudnn(values: tuple[bool, ...]) -> None:
    ours = _torch().backends.cudnn
    ours.enabled, ours.benchmark, ours.deterministic, ours.allow_tf32 = values


def _deterministic() -> tuple[bool, bool]:
    torch = _torch()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    return torch.are_deterministic_algorithms_enabled(), warns


def _write_deterministic(value: tuple[bool, bool]) -> None:
    _torch().use_deterministic_algorithms(value[0], warn_only=value[1])


def _autocast() -> tuple[bool, ...]:
    torch = _torch()
    return torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")


def _write_autocast(values: tuple[bool, ...]) -> None:
    for device, value in zip(("cpu", "cuda"), values, strict=True):
        _torch().set_autocast_enabled(device, value)


def _write_device(device: Any) -> None:
    _torch().set_default_device(None if str(device) == "cpu" else device)


def _write_mkldnn(enabled: bool) -> None:
    _torch().backends.mkldnn.set_flags(enabled)


def _random() -> Random:
    return Random(_torch().initial_seed(), _torch().get_rng_state())


def _write_random(before: Random) -> None:
    # The generator has two parts: the seed that it tells, and how far its numbers are.
    _torch().default_generator.manual_seed(before.seed)
    _torch().set_rng_state(before.state)


def _flushes_denormals() -> bool:
    return TINY / 2 == 0


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _write_folder(before: str) -> None:
    if before:
        os.chdir(before)


def _write_environment(before: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)


def _handlers() -> list[Any]:
    if threading.current_thread() is not threading.main_thread():
        return []  # where no handler can be set
    return [signal.getsignal(each) for each in SIGNALS]


def _write_handlers(before: list[Any]) -> None:
    for number, handler in zip(SIGNALS, before, strict=False):
        signal.signal(number, handler)


def _streams() -> tuple[Any, ...]:
    return sys.stdout, sys.stderr, sys.excepthook


def _write_streams(before: tuple[Any, ...]) -> None:
    sys.stdout, sys.stderr, sys.excepthook = before


def _write_filters(before: list[Any]) -> None:
    warnings.filters[:] = before  # type: ignore[index]


def _precisions() -> dict[str, str]:
    """What torch 2.9 and later round float32 to, by backend and operation; nothing before."""
    read = vars(_torch()._C).get("_get_fp32_precision_getter")
    return {} if read is None else {f"{a} {b}": read(a, b) for a, b in PRECISIONS}


def _write_precisions(before: Mapping[str, str]) -> None:
    # A backend hands its precision on to its operations, so it comes before them.
    for (backend, operation), precision in zip(PRECISIONS, before.values(), strict=False):
        _torch()._C._set_fp32_precision_setter(backend, operation, precision)


def _search() -> tuple[list[str], int]:
    return list(sys.path), sys.getrecursionlimit()


def _write_search(before: tuple[list[str], int]) -> None:
    sys.path[:] = before[0]
    sys.setrecursionlimit(before[1])


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


MODULES = State("modules", _modules, _write_modules)

OF_TORCH = (
    # Before that of matrix products, which cannot be read while the two contradict each other.
    State("torch's precision of float32", _precisions, _write_precisions),
    State(
        "torch's default dtype",
        lambda: str(_torch().get_default_dtype()),
        lambda before: _torch().set_default_dtype(vars(_torch())[before.removeprefix("torch.")]),
        "torch.float32",
    ),
    State("torch's default device", lambda: _torch().get_default_device(), _write_device),
    State(
        "torch's precision of matrix products",
        lambda: _torch().get_float32_matmul_precision(),
        lambda before: _torch().set_float32_matmul_precision(before),
        "highest",
    ),
    State(
        "whether torch uses mkldnn",
        lambda: _torch()._C._get_mkldnn_enabled(),
        _write_mkldnn,
        True,
    ),
    State("torch's flags of cuDNN", _cudnn, _write_cudnn),
    State(
        "whether torch uses deterministic algorithms",
        _deterministic,
        _write_deterministic,
        (False, False),
    ),
)
"""What decides numbers, in all threads."""

OF_THREAD = (
    State(
        "torch's number of threads",
        lambda: _torch().get_num_threads(),
        lambda before: _torch().set_num_threads(before),
    ),
    State(
        "whether torch computes gradients",
        lambda: _torch().is_grad_enabled(),
        lambda before: _torch().set_grad_enabled(before),
    ),
    State("whether torch casts by itself", _autocast, _write_autocast, (False, False)),
    State(
        "whether tiny numbers count as zero",
        _flushes_denormals,
        lambda before: _torch().set_flush_denormal(before),
    ),
)
"""What decides numbers, in the thread that sets it."""

SILENT_OF_TORCH = (State("torch's random numbers", _random, _write_random),)

SILENT = (
    State("the current folder", _folder, _write_folder),
    State("the environment", lambda: dict(os.environ), _write_environment),
    State(
        "the locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda before: locale.setlocale(locale.LC_ALL, before),
    ),
    State("handlers of signals", _handlers, _write_handlers),
    State("standard output", _streams, _write_streams),
    State("where modules are found, and how deep calls may be", _search, _write_search),
    State("the permissions of new files", _umask, os.umask),
    State("filters of warnings", lambda: list(warnings.filters), _write_filters),
)
"""What decides no number, and is put back without a word."""

ERRORS_OF_NUMPY = State(
    "errors of NumPy",
    lambda: sys.modules["numpy"].geterr(),
    lambda before: sys.modules["numpy"].seterr(**before),
)
