"""Runs on clusters of several machines, each a Ray node of its own here, some of which are lost."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from bridgebench_world.compare import numbers, without_cost

from bridgebench.api import run_choices
from bridgebench.execute.workers.cluster.connect import QUIET
from bridgebench.plan.choices import choices_of

WORLD = Path(__file__).parents[3] / "world"

PATIENCE = 900
"""Seconds after which a machine is taken to be broken and not busy."""

WATCHFUL = {"RAY_health_check_period_ms": "300", "RAY_health_check_failure_threshold": "15"}
"""A node that is gone is missed after some seconds, and one that is slow only after minutes."""


def run(out, **words):
    return run_choices(choices_of({"task": "world", "out": out, **words}))


def records(out):
    return list((out / "records").glob("*.json"))


def until(there, what):
    deadline = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


class Machines:
    """Ray nodes on this machine, each as `ray start` starts it on one of several."""

    def __init__(self, folder):
        self.folder = folder
        self.nodes = []
        self.token = secrets.token_hex(16)
        self.port, self.client_port = free_ports(2)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def client(self):
        return f"ray://127.0.0.1:{self.client_port}"

    @property
    def environment(self):
        """That of a user of these machines."""
        places = os.pathsep.join([str(WORLD), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {**os.environ, **QUIET, **WATCHFUL, "PYTHONPATH": places,
                "RAY_TMPDIR": str(self.folder), "RAY_AUTH_MODE": "token",
                "RAY_AUTH_TOKEN": self.token}  # fmt: skip

    def head(self, cores):
        words = ["--head", f"--port={self.port}", f"--ray-client-server-port={self.client_port}"]
        node = self._start(*words, "--include-dashboard=false", f"--num-cpus={cores}")
        until(lambda: listens(self.client_port), "nobody serves the clients")
        return node

    def more(self, cores):
        return self._start(f"--address={self.address}", f"--num-cpus={cores}")

    def _start(self, *words):
        log = self.folder / f"{len(self.nodes)}.log"
        command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start"]
        ports = ["--min-worker-port=0", "--max-worker-port=0"]
        store = [f"--object-store-memory={80 * 2**20}"]
        with log.open("w") as told:
            node = subprocess.Popen(
                [*command, "--block", "--node-ip-address=127.0.0.1", *ports, *store, *words],
                env=self.environment,
                stdout=told,
                stderr=told,
            )
        self.nodes.append(node)

        def started():
            assert node.poll() is None, log.read_text()
            return "Ray runtime started" in log.read_text()

        until(started, "a node has not started")
        return node

    def lose(self, node):
        """All processes of a node at once, as where its power fails."""
        for pid in [node.pid, *below(node.pid)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # its parent's death has ended it
        node.wait()


@contextmanager
def machines():
    # Ray's sockets lie there, and the paths of sockets are short.
    with tempfile.TemporaryDirectory(prefix="bb", dir="/tmp", ignore_cleanup_errors=True) as folder:
        several = Machines(Path(folder))
        try:
            yield several
        finally:
            for node in reversed(several.nodes):
                several.lose(node)


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def below(pid):
    """The processes that a process has started, and those that they have."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = status.read_text(encoding="utf-8").partition("PPid:")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        parents.setdefault(int(parent), []).append(int(status.parent.name))
    found = list(parents.get(pid, []))
    for each in found:
        found += parents.get(each, [])
    return found


@contextmanager
def command(cluster, out, *words):
    """`bridgebench run` in a process of its own, in a folder of its own."""
    cwd = cluster.folder / "cwd"
    cwd.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "bridgebench", "run", "task=world", f"out={out}", *words],
        env=cluster.environment,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return run(tmp_path_factory.mktemp("local") / "out", save="images")


def test_a_cluster_that_ray_finds_itself_finishes_what_was_begun_here(local, tmp_path):
    run(tmp_path / "out", method="identity,ddib", solver="heun", save="images")
    with machines() as cluster:
        cluster.head(cores=1)
        cluster.more(cores=1)
        words = ["executor=ray", "address=auto", "workers=2", "save=images"]
        with command(cluster, tmp_path / "out", *words) as process:
            said, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "5 cells computed, 5 reused" in said
    there = run(tmp_path / "out", save="images")
    assert there.clock.reused_cells == 10
    assert without_cost(there) == without_cost(local)


SLOW = "world_exact:delay=0.05"


def loses(cluster, node, out, process):
    """Take a machine away when a cell has ended."""
    until(lambda: records(out) or process.poll() is not None, "no cell has ended")
    cluster.lose(node)


def test_through_a_client_the_cells_of_a_lost_machine_are_tried_on_another(local, tmp_path):
    out = tmp_path / "out"
    with machines() as cluster:
        cluster.head(cores=1)
        node = cluster.more(cores=1)
        words = ["executor=ray", f"address={cluster.client}", "workers=2", f"score={SLOW}"]
        with command(cluster, out, *words) as process:
            loses(cluster, node, out, process)
            said, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "10 cells computed" in said
    assert numbers(run(out, score=SLOW)) == numbers(local)


def test_shared_stages_that_are_lost_with_their_machine_are_computed_again(tmp_path):
    out = tmp_path / "out"
    words = {"method": "ddib", "solver": "euler", "n": 40, "batch": 40}
    more = [f"{name}={word}" for name, word in words.items()]
    with machines() as cluster:
        cluster.head(cores=0)
        node = cluster.more(cores=2)
        ray_words = ["executor=ray", f"address={cluster.address}", "workers=2", f"score={SLOW}"]
        with command(cluster, out, *ray_words, *more) as process:
            loses(cluster, node, out, process)
            cluster.more(cores=2)
            said, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "4 cells computed" in said
    assert numbers(run(out, score=SLOW, **words)) == numbers(run(tmp_path / "alone", **words))


def test_the_loss_of_the_whole_cluster_is_one_line(tmp_path):
    out = tmp_path / "out"
    with machines() as cluster:
        head = cluster.head(cores=1)
        words = ["executor=ray", f"address={cluster.address}", "score=world_exact:delay=0.2"]
        with command(cluster, out, *words) as process:
            loses(cluster, head, out, process)
            _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2, errors
    assert [line[:5] for line in errors.splitlines()].count("Error") == 1
    assert "the Ray of this run no longer answers" in errors.splitlines()[-1]
    assert 0 < len(records(out)) < 10
