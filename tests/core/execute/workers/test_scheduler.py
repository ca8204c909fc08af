"""The scheduler, with workers that do what a script says."""

from dataclasses import dataclass, field, replace

import pytest

from bridgebench import BridgebenchError
from bridgebench.execute.cell import Outcome
from bridgebench.execute.clock import Clock
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.progress import Silent
from bridgebench.execute.recording import record_of
from bridgebench.execute.results import Results
from bridgebench.execute.workers import handle
from bridgebench.execute.workers.messages import Begun, Died, Finished, Idle, SharedLost
from bridgebench.execute.workers.scheduler import Scheduler
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plugins.registry import load_registry

DEATH = Died("its worker died", ", most likely with its machine")
HANG = "hang"


@dataclass
class Scripted:
    """Workers that finish every cell but those of which `instead` says what comes in its place.

    Before a cell, or before the plan of a worker ("start"), the next of its deeds is done: a
    message is told, and HANG tells nothing more.
    """

    plan: object
    instead: dict
    count: int = 1
    retries: int = 0
    reliable: bool = True
    started: list = field(default_factory=list)
    run: list = field(default_factory=list)

    def start(self, tell):
        self.started.append(ScriptedWorker(self, tell))
        return self.started[-1]

    def wait(self, seconds):
        for worker in self.started:
            worker.act()

    def remedy(self):
        return "make room"

    def deed(self, what):
        return self.instead[what].pop(0) if self.instead.get(what) else None


@dataclass
class ScriptedWorker:
    workers: Scripted
    tell: object
    shared: object = "encoded"
    todo: object = "start"
    stopped: bool = False

    def give(self, unit, shared):
        self.todo = unit
        self.given = shared

    def act(self):
        todo, self.todo = self.todo, None
        if self.stopped or todo is None:
            return
        if todo == "start":
            self.say(self.workers.deed("start") or Idle())
        elif todo.parts > 1:
            self.say(self.workers.deed("share") or Idle())
        elif all(self.finish(cell) for cell in todo.cells):
            self.tell(Idle())

    def finish(self, cell):
        deed = self.workers.deed(cell)
        if deed == SharedLost():
            return self.say(deed)
        self.tell(Begun((cell,)))
        if deed is not None:
            return self.say(deed)
        (planned,) = [each for each in self.workers.plan.cells if each.identity == cell]
        self.workers.run.append(cell)
        self.tell(Finished(record_of(self.workers.plan, planned, Outcome()), {}, Clock()))
        return True

    def say(self, deed):
        if deed != HANG:
            self.tell(deed)
        return False

    def trace(self):
        return "in a loop"

    def stop(self):
        self.stopped = True


@pytest.fixture(scope="module")
def plan():
    words = {"task": "world", "method": "ddib", "solver": "euler"}
    latents = "identity,scale:c=0.7,scale:c=0.8,scale:c=0.9"
    made = make_plan(load_registry(), choices_of({**words, "transform": latents}))
    assert len(made.groups) == 1
    return made


@pytest.fixture
def outcomes(tmp_path):
    """Runs a plan on scripted workers; status and reason of each cell, in the plan's order."""

    def run(workers):
        folder, plan = RunFolder(tmp_path), workers.plan
        results = Results(plan, folder, Silent(), Clock(), workers.count)
        try:
            Scheduler(plan, workers, results).run()
        finally:
            assert all(worker.stopped for worker in workers.started)
        records = [folder.records.read(cell.identity) for cell in plan.cells]
        assert results.clock.computed_cells == len(records)
        return [(record.status, record.reason) for record in records]

    return run


OK = ("ok", "")


def names(plan):
    return [cell.identity for cell in plan.cells]


def test_a_worker_that_tells_all_loses_the_cell_that_was_its_end(plan, outcomes):
    first, second, *rest = names(plan)
    workers = Scripted(plan, {second: [Died("its process died of SIGSEGV")]})
    died = ("failed", "its process died of SIGSEGV")
    assert outcomes(workers) == [OK, died, *[OK] * len(rest)]
    assert workers.run == [first, *rest]
    assert len(workers.started) == 2


def test_a_cell_that_hangs_is_a_timeout_and_its_siblings_finish(plan, outcomes, monkeypatch):
    monkeypatch.setattr(handle, "GRACE_SECONDS", 0.0)
    _, second, *rest = names(plan)
    limited = replace(plan, limit=0.02)
    late = ("timeout", "took longer than the limit of 0.02 s")
    assert outcomes(Scripted(limited, {second: [HANG]})) == [OK, late, *[OK] * len(rest)]


def test_where_news_may_be_lost_each_cell_is_tried_alone_before_it_is_lost(plan, outcomes):
    _, second, *rest = names(plan)
    workers = Scripted(plan, {second: [DEATH] * 9}, retries=1, reliable=False)
    died = ("failed", "its worker died, 2 times, most likely with its machine")
    assert outcomes(workers) == [OK, died, *[OK] * len(rest)]
    assert len(workers.started) == 4


def test_a_worker_that_is_worn_is_replaced_and_no_cell_is_run_twice(plan, outcomes):
    _, second, *_ = names(plan)
    workers = Scripted(plan, {second: [Idle(worn=True)]})
    assert set(outcomes(workers)) == {OK}
    assert sorted(workers.run) == sorted(names(plan))
    assert len(workers.started) == 2


def test_shared_stages_that_are_lost_are_made_again(plan, outcomes):
    instead = {names(plan)[1]: [SharedLost()]}
    workers = Scripted(plan, instead, count=2, retries=2, reliable=False)
    assert set(outcomes(workers)) == {OK}
    assert sorted(workers.run) == sorted(names(plan))


def test_workers_that_die_before_a_cell_end_the_run_when_none_is_left(plan, outcomes):
    with pytest.raises(BridgebenchError, match="no worker came as far as a cell: its worker died,"):
        outcomes(Scripted(plan, {"start": [DEATH] * 9}, retries=2, reliable=False))
    with pytest.raises(BridgebenchError, match="as far as a cell: its process ended"):
        outcomes(Scripted(plan, {"start": [Died("its process ended with exit status 1")]}))


def test_a_worker_that_dies_early_now_and_then_is_replaced(plan, outcomes):
    workers = Scripted(plan, {"start": [DEATH] * 2}, retries=2, reliable=False)
    assert set(outcomes(workers)) == {OK}
    assert len(workers.started) == 3


def test_a_worker_that_does_not_start_in_time_is_one_line(plan, outcomes, monkeypatch):
    monkeypatch.setattr(handle, "START_SECONDS", 0.02)
    with pytest.raises(BridgebenchError, match=r"no worker could be started .*: make room"):
        outcomes(Scripted(plan, {"start": [HANG]}))


def test_what_fails_outside_of_any_cell_ends_the_run(plan, outcomes):
    with pytest.raises(BridgebenchError, match=r"^other versions$"):
        outcomes(Scripted(plan, {"start": [Idle("other versions")]}))
