"""One thread within, and as many as before afterwards, whatever happens."""

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from bridgebench import one_thread
from bridgebench.toolkit.threads import one_blas_thread


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_one_thread_within_and_as_many_as_before_after_it(three_threads):
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_an_error_leaves_the_number_as_it_was(three_threads):
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert torch.get_num_threads() == 3


def blas_threads():
    """Threads of each OpenBLAS in this process."""
    np.ones((2, 2)) @ np.ones((2, 2))
    return [each["num_threads"] for each in threadpool_info() if each["internal_api"] == "openblas"]


def test_one_thread_of_blas_within_and_as_many_as_before_after_it(three_threads):
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        with one_blas_thread():
            assert blas_threads() == [1] * len(before)
            assert torch.get_num_threads() == 3
        assert blas_threads() == before
    assert set(before) <= {2}
