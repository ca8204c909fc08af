"""Calls of plugins: none may harm its siblings, the process or what the core keeps.

A plugin runs in the process of the core and of the other plugins. `isolated` stands around each
call of one: the state of the process is put back, a change that decides numbers is the plugin's
fault, and so is an attempt to end the process. `protected` gives it copies of the core's tensors.
"""

from __future__ import annotations

import os
import posix
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from bridgebench.errors import BridgebenchError, Damage, PluginError
from bridgebench.isolation import process_state
from bridgebench.isolation.process_state import State

if TYPE_CHECKING:
    from torch import Tensor

_exit = os._exit

_within: ContextVar[str] = ContextVar("within", default="")
"""The plugin whose call this thread is in, so that a call within it costs no second look."""


class _Exits:
    """Refuses `os._exit` in this process, in all its threads, while any plugin is called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._underway = 0
        self._home = 0

    def refuse(self) -> None:
        """A call begins."""
        with self._lock:
            self._underway += 1
            self._home = os.getpid()
            self._put(self._refused)

    def allow(self) -> None:
        """A call has ended."""
        with self._lock:
            self._underway -= 1
            if not self._underway:
                self._put(_exit)

    def _refused(self, status: int) -> None:
        if os.getpid() == self._home:
            raise SystemExit(status)
        _exit(status)  # a process that the plugin has forked ends as it likes

    def _put(self, function: Callable[[int], object]) -> None:
        for module in (os, posix):
            vars(module)["_exit"] = function


_exits = _Exits()


@contextmanager
def isolated(who: str) -> Iterator[None]:
    """Around a call of the plugin `who`, such as "method 'ddib'".

    What it raises goes on as it is, but for a SystemExit and its like.

    Raises:
        Damage: it changed what decides the numbers of others.
        PluginError: it would have ended the process.

    >>> import torch
    >>> with isolated("method 'careless'"):
    ...     torch.set_default_dtype(torch.float64)
    Traceback (most recent call last):
    bridgebench.errors.Damage: method 'careless' changed torch's default dtype from \
torch.float32 to torch.float64, which changes the numbers of others; it must put it back
    >>> torch.get_default_dtype()
    torch.float32
    """
    if _within.get() == who:
        yield  # the call around this one looks after the process
        return
    before = Surroundings()
    token = _within.set(who)
    _exits.refuse()
    try:
        yield
    except (Exception, KeyboardInterrupt):
        before.restored()
        raise
    except BaseException as error:
        before.restored()
        raise PluginError(
            f"{who} would have ended the run with {type(error).__name__}({said(error)}); it must "
            "raise an exception"
        ) from error
    finally:
        _exits.allow()
        _within.reset(token)
    if changed := before.restored():
        raise Damage(f"{who} changed {changed}")


@contextmanager
def querying(who: str) -> Iterator[None]:
    """As `isolated`, for a plugin that is asked about itself: whatever it raises is a PluginError.

    >>> with querying("metric 'broken'"):
    ...     1 / 0
    Traceback (most recent call last):
    bridgebench.errors.PluginError: metric 'broken' raised ZeroDivisionError: division by zero
    """
    try:
        with isolated(who):
            yield
    except BridgebenchError:
        raise
    except Exception as error:
        raise PluginError(f"{who} raised {type(error).__name__}: {said(error)}") from error


class Surroundings:
    """The state of the process as a plugin finds it."""

    def __init__(self) -> None:
        self._values = [(state, state.read()) for state in _there()]

    def intact(self) -> bool:
        """Whether all that decides numbers in every thread is as it was."""
        shared = (process_state.MODULES, *process_state.OF_TORCH)
        return all(value == state.read() for state, value in self._values if state in shared)

    def restored(self) -> str:
        """Put back what is another; says the first of what decides numbers, "" if there is none."""
        changed = ""
        for state, value in self._expected():
            now = state.read()
            if value == now:
                continue
            state.write(value)
            if not changed and state not in (*process_state.SILENT, *_QUIET):
                changed = _change(state, value, now)
        return changed

    def _expected(self) -> Sequence[tuple[State, Any]]:
        """What was there; of torch, where it was loaded only now, what it starts with."""
        known = {state.what for state, _ in self._values}
        loaded = [
            (state, state.fresh)
            for state in (process_state.OF_TORCH if "torch" in sys.modules else ())
            if state.what not in known and state.fresh is not None
        ]
        return [*self._values, *loaded]


_QUIET = (*process_state.SILENT_OF_TORCH, process_state.ERRORS_OF_NUMPY)


def _there() -> Iterator[State]:
    """The states that can be read at this moment, modules first: the others are read by them."""
    yield process_state.MODULES
    if "torch" in sys.modules:
        yield from process_state.OF_TORCH
        yield from process_state.OF_THREAD
        yield from process_state.SILENT_OF_TORCH
    if "numpy" in sys.modules:
        yield process_state.ERRORS_OF_NUMPY
    yield from process_state.SILENT


def _change(state: State, before: Any, now: Any) -> str:
    if state is process_state.MODULES:
        return (
            f"sys.modules ({before.replaced_in(now)}), which changes the numbers of others; it "
            "must leave modules alone"
        )
    if isinstance(before, dict):
        other = [name for name in before if before[name] != now.get(name)][:3]
        before, now = ({name: value.get(name) for name in other} for value in (before, now))
    return (
        f"{state.what} from {before} to {now}, which changes the numbers of others; it must put "
        "it back"
    )


@contextmanager
def protected(who: str, what: str, *tensors: Tensor | None) -> Iterator[tuple[Any, ...]]:
    """Copies of the core's tensors, for a call of the plugin `who`; None for None.

    Raises:
        Damage: it modified one of them, which `what` names in words.

    >>> import torch
    >>> images = torch.zeros(2)
    >>> with protected("method 'careless'", "input batch", images) as (given,):
    ...     given.add_(1)
    Traceback (most recent call last):
    bridgebench.errors.Damage: method 'careless' modified its input batch in place; it must \
clone it
    >>> images
    tensor([0., 0.])
    """
    copies = tuple(None if tensor is None else copy_of(tensor) for tensor in tensors)
    yield copies
    for tensor, copy in zip(tensors, copies, strict=True):
        if tensor is not None and copy is not None and not same_bits(tensor, copy):
            raise Damage(f"{who} modified its {what} in place; it must clone it")


def copy_of(tensor: Tensor) -> Tensor:
    """A copy that may be computed on with gradients, wherever it is made."""
    import torch

    with torch.inference_mode(False):
        return tensor.detach().clone()


def same_bits(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are alike in type, shape and every bit; NaN is like itself.

    >>> import torch
    >>> same_bits(torch.tensor([torch.nan]), torch.tensor([torch.nan]))
    True
    """
    import torch

    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return torch.equal(one, other) or torch.equal(_bits(one), _bits(other))


def _bits(tensor: Tensor) -> Tensor:
    import torch

    return tensor.detach().contiguous().reshape(-1).view(torch.uint8)


def said(error: BaseException) -> str:
    """The text of an exception, also of one that cannot say it."""
    try:
        return str(error).encode(errors="replace").decode()
    except Exception:
        return "which cannot say what it is"
