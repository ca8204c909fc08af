"""Runs on real Ray workers: the rows of a local run, whatever dies on the way."""

import os
import signal
from pathlib import Path

import pytest
import ray
from bridgebench_world.compare import numbers, without_cost

from bridgebench import BridgebenchError, InvalidOption
from bridgebench.api import run_choices
from bridgebench.execute.clock import Clock
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.progress import Silent
from bridgebench.execute.results import Results
from bridgebench.execute.workers.cluster import connect
from bridgebench.execute.workers.cluster.workers import ray_workers
from bridgebench.execute.workers.handle import Handle
from bridgebench.execute.workers.messages import Died, Idle, SharedLost
from bridgebench.execute.workers.scheduler import Scheduler
from bridgebench.execute.workers.units import Unit
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plugins.registry import load_registry


def run(out, progress=None, **words):
    return run_choices(choices_of({"task": "world", "out": out, **words}), progress)


@pytest.fixture(scope="module")
def cluster():
    """A small Ray, which runs find as a program's own and leave running."""
    connect.import_ray()
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=80 * 2**20,
        logging_level="error",
        log_to_driver=False,
    )
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return run(tmp_path_factory.mktemp("local") / "out", save="images")


@pytest.fixture(scope="module")
def spread(cluster, tmp_path_factory):
    out = tmp_path_factory.mktemp("spread") / "out"
    return run(out, executor="ray", workers=2, save="images")


def test_two_workers_give_the_files_of_a_local_run(local, spread):
    assert spread.all_ok
    assert spread.clock.computed_cells == 10
    assert without_cost(spread) == without_cost(local)
    for kind in ("records/*.safetensors", "strips/*.png", "images/*/**/*.png"):
        there = {path.relative_to(local.folder.path): path.read_bytes()
                 for path in local.folder.path.glob(kind)}  # fmt: skip
        assert there == {path.relative_to(spread.folder.path): path.read_bytes()
                         for path in spread.folder.path.glob(kind)}  # fmt: skip
        assert there


def test_what_one_executor_began_the_other_finishes(cluster, local, tmp_path):
    run(tmp_path / "a", method="identity,ddib", solver="heun", save="images")
    finished = run(tmp_path / "a", executor="ray", workers=1, save="images")
    assert (finished.clock.reused_cells, finished.clock.computed_cells) == (5, 5)
    assert without_cost(finished) == without_cost(local)
    for path in sorted(finished.folder.path.glob("records/*.json"))[:4]:
        path.unlink()
    again = run(tmp_path / "a", save="images")
    assert (again.clock.reused_cells, again.clock.computed_cells) == (6, 4)
    assert without_cost(again) == without_cost(local)


def test_nothing_is_asked_of_ray_where_all_is_there(local, monkeypatch):
    monkeypatch.setattr(connect, "connected", lambda *_: pytest.fail("a Ray was looked for"))
    assert run(local.folder.path, executor="ray", save="images").clock.reused_cells == 10


class Killer(Silent):
    """Kills the process of one worker of the run, for real, when the first cell has ended."""

    def __init__(self):
        self.earlier = set(pids_of("ray::Worker"))
        self.killed = []
        self.evaluations = 0

    def evaluated(self, count):
        self.evaluations += count

    def finished_cell(self, identity):
        if not self.killed:
            worker = next(pid for pid in pids_of("ray::Worker") if pid not in self.earlier)
            os.kill(worker, signal.SIGKILL)
            self.killed.append(worker)


def pids_of(name):
    """The processes below this one that Ray calls so."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(name.encode()) and below(int(path.parent.name)):
                yield int(path.parent.name)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked


def below(pid):
    while pid > 1:
        if pid == os.getpid():
            return True
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        pid = int(status.partition("PPid:")[2].split()[0])
    return False


def test_a_worker_that_is_killed_is_replaced_and_no_cell_is_lost(cluster, local, tmp_path):
    killer = Killer()
    words = {"executor": "ray", "workers": 2, "score": "world_exact:delay=0.02"}
    finished = run(tmp_path / "out", killer, **words)
    assert killer.killed
    assert finished.all_ok
    assert finished.clock.computed_cells == 10
    assert killer.evaluations > 0
    assert numbers(finished) == numbers(local)


def test_deaths_hangs_and_failures_are_rows_and_their_siblings_finish(
    cluster, tmp_path, monkeypatch
):
    # A busy machine is late with the news of an end, and with the answer where a worker hangs.
    monkeypatch.setattr("bridgebench.execute.workers.handle.GRACE_SECONDS", 12.0)
    monkeypatch.setattr("bridgebench.execute.workers.cluster.workers.TRACE_SECONDS", 300.0)
    finished = run(
        tmp_path / "out",
        executor="ray",
        workers=2,
        retries=1,
        limit=12,
        method="identity,hanging,dying,raising,ddib",
        solver="heun",
        transform="identity,explode",
    )
    status = {
        (record.axes["method"], record.axes["transform"]): (record.status, record.reason)
        for record in finished.records
    }
    assert status["identity", None][0] == "ok"
    assert status["ddib", "identity"][0] == "ok"
    assert status["ddib", "explode"] == ("failed", "RuntimeError: the latent exploded")
    assert status["raising", None] == ("failed", "ValueError: no bridge here")
    assert status["dying", None][0] == "failed"
    assert "its worker died, 2 times" in status["dying", None][1]
    assert status["hanging", None] == ("timeout", "took longer than the limit of 12 s")
    (hanging,) = (r for r in finished.records if r.axes["method"] == "hanging")
    assert "in translate" in hanging.traceback
    assert not finished.all_ok


def test_nobody_is_blamed_for_the_death_of_another_or_for_one_without_work(cluster, tmp_path):
    words = {"method": "ddib", "solver": "euler", "executor": "ray", "workers": 2, "retries": 0}
    choices = choices_of({"task": "world", "score": "world_exact:delay=5", **words})
    plan = make_plan(load_registry(), choices)
    results = Results(plan, RunFolder(tmp_path), Silent(), Clock(), workers=2)
    with ray_workers(plan, choices, Silent()) as workers:
        giver, taker = (started(workers, results, plan.limit) for _ in range(2))
        try:
            unit = Unit(0, tuple(cell.identity for cell in plan.groups[0].cells), parts=2)
            giver.give(unit, None)
            taker.give(unit.slices()[0], giver.worker.shared)
            ray.kill(giver.worker.actor)  # before it has given the shared stages
            assert isinstance(news_of(giver, workers), Died)
            giver.worker.stop()
            assert news_of(taker, workers) == SharedLost()
            taker.free()
            scheduler = Scheduler(plan, workers, results, _handles=[taker])
            taker.news = Died("its worker died")
            scheduler._react(taker)
            assert scheduler._handles == []
            assert not list(tmp_path.glob("records/*"))
        finally:
            for worker in list(workers._workers):
                worker.stop()


def started(workers, results, limit):
    """A worker that has its plan."""
    handle = Handle(results, limit, workers.reliable)
    handle.worker = workers.start(handle.hear)
    assert news_of(handle, workers) == Idle()
    handle.free()
    return handle


def news_of(handle, workers):
    while handle.news is None:
        workers.wait(5.0)
    news, handle.news = handle.news, None
    return news


def test_misbehaving_methods_are_failed_rows_that_name_them(cluster, local, tmp_path):
    odd = {
        "misbehaving:how=sys_exit": "method 'misbehaving' would have ended the run with SystemExit",
        "misbehaving:how=default_dtype": "method 'misbehaving' changed torch's default dtype",
    }
    words = {"executor": "ray", "workers": 1, "solver": "heun", "transform": "identity"}
    finished = run(tmp_path / "out", method=[*odd, "ddib", "random_target"], **words)
    records = {record.axes["method"]: record for record in finished.records}
    for method, said in odd.items():
        assert records[method].status == "failed"
        assert records[method].reason.startswith(said)
    honest = {record.identity: record.values for record in local.records}
    for method in ("ddib", "random_target"):
        assert records[method].status == "ok"
        assert records[method].values == honest[records[method].identity]


def test_workers_for_whom_others_leave_no_room_are_one_line(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("bridgebench.execute.workers.handle.START_SECONDS", 3.0)
    monkeypatch.setattr("bridgebench.execute.workers.scheduler.START_SECONDS", 3.0)

    class Other:
        def there(self):
            return True

    other = ray.remote(num_cpus=2)(Other).remote()
    try:
        assert ray.get(other.there.remote())
        with pytest.raises(BridgebenchError, match="within 3 s: 0 of 2 cores are free"):
            run(tmp_path / "out", executor="ray", workers=1)
    finally:
        ray.kill(other)


def test_more_workers_than_there_is_room_for_are_refused(cluster, tmp_path):
    with pytest.raises(InvalidOption, match="3 workers of 1 cores do not fit"):
        run(tmp_path / "out", executor="ray", workers=3)
    with pytest.raises(InvalidOption, match="1 workers of 3 cores do not fit"):
        run(tmp_path / "out", executor="ray", threads=3)
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_stopped_keeps_what_is_finished(stoppable, tmp_path):
    process = stoppable(tmp_path / "out", "executor=ray", "workers=1")
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=900)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert "raylet" not in said + errors
    assert len(list((tmp_path / "out" / "records").glob("*.json"))) == 2


@pytest.mark.parametrize("part", ["gcs_server", "raylet/raylet"])
def test_the_loss_of_a_part_of_ray_is_one_line(stoppable, tmp_path, monkeypatch, part):
    monkeypatch.setenv("RAY_health_check_failure_threshold", "5")
    process = stoppable(tmp_path / "out", "executor=ray", "workers=1")
    (lost,) = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if f"/{part}\0".encode() in read(folder / "cmdline")
        and f"PPid:\t{process.pid}\n".encode() in read(folder / "status")
    ]
    os.kill(lost, signal.SIGKILL)
    _, errors = process.communicate(timeout=900)
    assert process.returncode == 2
    assert errors.splitlines()[-1].startswith("Error: the Ray of this run no longer answers")
    assert len(list((tmp_path / "out" / "records").glob("*.json"))) >= 2


def read(path):
    try:
        return path.read_bytes()
    except OSError:  # the process has ended meanwhile
        return b""
