"""The second thread: the same work in the same order, and no more than one piece waits."""

import sys
import threading
import time

import pytest
import torch

from bridgebench.execute import prefetch
from bridgebench.execute.prefetch import ahead, in_order
from bridgebench.execute.workers.hang import HangFile

BOTH = pytest.mark.parametrize("beside", [False, True])
WAIT = 60.0


@BOTH
@pytest.mark.parametrize("count", [0, 1, 5])
def test_all_are_made_in_order(beside, count):
    assert list(ahead(lambda index: index * 2, count, beside)) == list(range(0, 2 * count, 2))


def test_the_next_is_made_while_the_one_before_is_in_use():
    made = [threading.Event() for _ in range(3)]

    def make(index):
        made[index].set()
        return index

    for index in ahead(make, 3, threaded=True):
        assert index == 2 or made[index + 1].wait(WAIT)


def test_no_more_than_the_next_is_made():
    made = []
    coming = ahead(lambda index: made.append(index), 9, threaded=True)
    next(coming)
    next(coming)
    assert len(made) <= 3
    coming.close()


@BOTH
def test_an_error_in_making_comes_where_it_is_asked_for(beside):
    coming = ahead(lambda index: 1 // (1 - index), 3, beside)
    assert next(coming) == 1
    with pytest.raises(ZeroDivisionError):
        next(coming)


@BOTH
def test_pieces_are_done_in_order_and_all_at_the_end(beside):
    done = []
    with in_order(beside) as do:
        for index in range(20):
            do(lambda index=index: done.append(index))
    assert done == list(range(20))


def test_the_first_thread_goes_on_while_a_piece_is_done():
    go_on = threading.Event()
    with in_order(True) as do:
        do(lambda: go_on.wait(WAIT))
        assert not go_on.is_set()
        go_on.set()


def test_no_more_than_one_piece_waits():
    begun, go_on, done = threading.Event(), threading.Event(), []
    first = threading.Timer(0.1, go_on.set)

    def slow():
        begun.set()
        assert go_on.wait(WAIT)
        done.append("slow")

    with in_order(True) as do:
        do(slow)
        assert begun.wait(WAIT)
        first.start()
        do(lambda: done.append("next"))
        assert done[:1] == ["slow"]


@BOTH
@pytest.mark.parametrize("pieces", [1, 2])
def test_what_a_piece_raises_is_raised_here(beside, pieces):
    def all_of_them():
        with in_order(beside) as do:
            for _ in range(pieces):
                do(lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError, match="by zero"):
        all_of_them()


@BOTH
def test_also_what_ends_a_process_is_raised_here(beside):
    seen = []

    def ends():
        try:
            with in_order(beside) as do:
                do(lambda: sys.exit(3))
        except SystemExit as error:
            seen.append(error.code)

    first = threading.Thread(target=ends, daemon=True)
    first.start()
    first.join(WAIT)
    assert seen == [3]


@BOTH
def test_the_error_of_the_piece_before_is_told_and_not_the_later_one_here(beside):
    def fails_twice():
        with in_order(beside) as do:
            do(lambda: 1 // 0)
            raise KeyError

    with pytest.raises(ZeroDivisionError):
        fails_twice()


def test_an_error_here_does_not_wait_for_a_piece_that_hangs(monkeypatch):
    monkeypatch.setattr(prefetch, "LINGER_SECONDS", 0.01)
    forever, begun = threading.Event(), threading.Event()

    def hang():
        begun.set()
        forever.wait()

    def fail_beside_it():
        with in_order(True) as do:
            do(hang)
            assert begun.wait(WAIT)
            raise KeyError

    with pytest.raises(KeyError):
        fail_beside_it()
    forever.set()


def test_where_a_cell_hangs_names_the_second_thread(tmp_path):
    hang, deadline = HangFile(tmp_path / "hang.txt"), time.monotonic() + WAIT
    begun, go_on = threading.Event(), threading.Event()

    def score_for_ever():
        begun.set()
        go_on.wait()

    with in_order(True) as do:
        do(score_for_ever)
        assert begun.wait(WAIT)
        hang.watch(0.01)
        while "in score_for_ever" not in hang.read():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        go_on.set()


def test_the_second_thread_has_as_many_threads_as_the_first():
    counts = []
    with in_order(True) as do:
        do(lambda: counts.append(torch.get_num_threads()))
    assert counts == [torch.get_num_threads()]


def test_it_is_used_beside_a_gpu_and_where_one_thread_leaves_a_core_free(monkeypatch):
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert prefetch.use_second_thread(cpu, cores=2)
    assert not prefetch.use_second_thread(cpu, cores=1)
    assert prefetch.use_second_thread(gpu, cores=1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert not prefetch.use_second_thread(cpu, cores=4)
    assert prefetch.use_second_thread(gpu, cores=4)
