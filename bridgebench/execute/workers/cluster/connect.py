"""Ray: started on this machine, or found at an address."""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from types import ModuleType
from urllib.parse import SplitResult, urlsplit

from bridgebench.errors import BridgebenchError, InvalidOption, UsageError
from bridgebench.execute.cores import usable_cores

ANSWER_SECONDS = 10.0
"""How long somebody at an address may take to answer; Ray's own time-outs are minutes."""

GONE_SECONDS = 10.0
"""How long a Ray may be silent in a run; after 60 s Ray itself would end the process."""

GONE = (
    "the Ray of this run no longer answers: its first machine is gone, or the way to it; finished "
    "cells are kept, and the same command resumes the run"
)

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # A worker's death is told as the row of a cell, not as a paragraph on standard output.
    "RAY_DEDUP_LOGS_SKIP_REGEX": "worker died or was killed",
}

STORE_BYTES = 128 * 2**20

CLIENT_TRIES = 5

TRACE = "Traceback (most recent call last)"
"""In what a cluster answers where the server that it forked for a client died at once, as some do
on a busy machine (ray-project/ray#63202); a refusal has none."""


@dataclass(frozen=True)
class Needs:
    """What a run asks of the machines.

    workers  how many, or None for as many as there is room for
    threads  cores of a worker
    gpus     GPUs of a worker, 0 for none
    shared   bytes of the shared stages of one group, kept while its cells run
    """

    workers: int | None
    threads: int
    gpus: float
    shared: int


@dataclass(frozen=True)
class Head:
    """The process that knows all the others of a Ray, at host:port; "" where a client asks it.

    has_node  whether the node by which this process is connected still lives
    """

    address: str
    has_node: Callable[[], bool] = lambda: True

    @classmethod
    def of(cls, ray: ModuleType) -> Head:
        """That of the Ray that is connected."""
        if ray.util.client.ray.is_connected():
            return cls("")
        context = ray.get_runtime_context()
        ours = context.get_node_id()

        def has_node() -> bool:
            return any(node["Alive"] for node in ray.nodes() if node["NodeID"] == ours)

        return cls(context.gcs_address, has_node)

    def check(self) -> None:
        """BridgebenchError if it is gone; a client would have raised a ConnectionError."""
        deadline = monotonic() + GONE_SECONDS
        while self.address and (problem := _problem(self.address, GONE_SECONDS / 4)):
            if monotonic() > deadline:
                raise BridgebenchError(GONE) from problem
            sleep(0.5)
        if not self.has_node():
            raise BridgebenchError(GONE)


def import_ray() -> ModuleType:
    """Ray; UsageError, which names the extra, where it is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise UsageError(
            "executor=ray needs Ray, which is not installed; run: pip install 'bridgebench[ray]'"
        )
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    return ray


@contextmanager
def connected(address: str, needs: Needs) -> Iterator[int]:
    """Ray, ready; gives how many workers there are to be.

    A Ray that the calling program has started is used as it is and left running. Else one is
    started on this machine for the run (address ""), or the one at the address is used: `auto`,
    `host:port` or `ray://host:port`.

    Raises:
        UsageError: Ray is not installed.
        InvalidOption: nobody answers at the address, or there is no room for the workers.
    """
    ray = import_ray()
    if ray.is_initialized():
        yield _room(ray, address, needs)
        return
    if address:
        _join(ray, address)
    else:
        _start(ray, needs)
    try:
        yield _room(ray, address, needs)
    finally:
        ray.shutdown()


def _start(ray: ModuleType, needs: Needs) -> None:
    cores = usable_cores()
    wanted = needs.threads * (needs.workers or 1)
    ray.init(
        address="local",
        num_cpus=max(cores, wanted),
        include_dashboard=False,
        object_store_memory=STORE_BYTES + needs.shared * ((needs.workers or cores) + 1),
        logging_level=logging.ERROR,
        log_to_driver=False,
    )


def _join(ray: ModuleType, address: str) -> None:
    remedy = ""
    try:
        _check_answer(address, _found() if address == "auto" else address)
        remedy = "; if it asks for a token, RAY_AUTH_MODE=token has to be set here too"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of is in the error that follows
            _init_at(ray, address)
    except (ConnectionError, RuntimeError, ValueError, SystemExit) as error:
        remedy = remedy if isinstance(error, ConnectionError) else ""
        raise InvalidOption(
            f"address={address}: no Ray could be used there: {_gist(error)}{remedy}"
        ) from error


def _init_at(ray: ModuleType, address: str) -> None:
    """Connect; where a client's server died as it was forked, try another."""
    for tries_left in reversed(range(CLIENT_TRIES)):
        try:
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
            return
        except ConnectionAbortedError as error:
            if not tries_left or TRACE not in str(error):
                raise


def _gist(error: BaseException) -> str:
    """The first line of an error, with the last one of a trace that a server has sent in it."""
    first, *more = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    return f"{first} {more[-1]}" if more and first.endswith(":") else first


def _found() -> str:
    """Where Ray would look for `auto`; ConnectionError if it is nowhere."""
    from ray._private.services import get_ray_address_from_environment

    found: str = get_ray_address_from_environment("auto", None)
    return found


def _check_answer(given: str, address: str) -> None:
    """InvalidOption unless something listens there; Ray itself would try for minutes."""
    parts = _parts(address)
    if parts is None:
        raise InvalidOption(
            f"address={given} is not auto, host:port or ray://host:port (10001 is usual)"
        )
    if parts.scheme == "ray" and importlib.util.find_spec("grpc") is None:
        raise UsageError(
            f"address={given} needs Ray's client, which is not installed; run: "
            "pip install 'bridgebench[ray]'"
        )
    if problem := _problem(address, ANSWER_SECONDS):
        raise InvalidOption(
            f"address={given}: nobody answers there within {ANSWER_SECONDS:g} s ({problem}); start "
            "Ray with `ray start --head`, or leave address= out to use this machine alone"
        ) from problem


def _parts(address: str) -> SplitResult | None:
    """The parts of host:port or ray://host:port; None if it is neither."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        complete = parts.hostname and parts.port and parts.scheme in ("", "ray")
    except ValueError:
        complete = False
    return parts if complete else None


def _problem(address: str, seconds: float) -> OSError | None:
    """Why nobody answers at an address."""
    parts = _parts(address)
    if parts is None:
        return OSError(f"{address} is no address")
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=seconds).close()
    except OSError as error:
        return error
    return None


def _room(ray: ModuleType, address: str, needs: Needs) -> int:
    """How many workers there are to be; InvalidOption where they do not fit."""
    there = ray.cluster_resources()
    cores, gpus = int(there.get("CPU", 0)), float(there.get("GPU", 0))
    room = cores // needs.threads
    if needs.gpus:
        room = min(room, int(gpus / needs.gpus + 1e-9))
    where = f"at address={address}" if address else "on this machine"
    if room < (needs.workers or 1):
        asked = f"{needs.workers or 1} workers of {needs.threads} cores"
        asked += f" and {needs.gpus:g} GPUs" if needs.gpus else ""
        raise InvalidOption(
            f"{asked} do not fit: {where} there are {cores} cores and {gpus:g} GPUs; give fewer "
            "workers=, threads= or gpus="
        )
    return needs.workers or room
