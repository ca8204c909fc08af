"""Ray: started on this machine, or found at an address."""

from __future__ import annotations

import importlib.util
import logging
import os
import platform
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from urllib.parse import urlsplit

from bridgebench.errors import InvalidOption, UsageError

ANSWER_SECONDS = 10.0
"""How long somebody at an address may take to answer; Ray's own time-outs are minutes."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # A worker's death is told as the row of a cell, not as a paragraph on standard output.
    "RAY_DEDUP_LOGS_SKIP_REGEX": "worker died or was killed",
}

STORE_BYTES = 128 * 2**20


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
    cores = len(os.sched_getaffinity(0)) if platform.system() == "Linux" else os.cpu_count() or 1
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
    _check_answer(address)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of is in the error that follows
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError, SystemExit) as error:
        raise InvalidOption(
            f"address={address}: no Ray could be used there: {str(error).splitlines()[0]}"
        ) from error


def _check_answer(address: str) -> None:
    """InvalidOption unless something listens there; Ray itself would try for minutes."""
    if address == "auto":
        return
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or parts.scheme not in ("", "ray"):
        raise InvalidOption(
            f"address={address} is not auto, host:port or ray://host:port (10001 is usual)"
        )
    try:
        socket.create_connection((host, port), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise InvalidOption(
            f"address={address}: nobody answers there within {ANSWER_SECONDS:g} s ({error}); start "
            "Ray with `ray start --head`, or leave address= out to use this machine alone"
        ) from error


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
