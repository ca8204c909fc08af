import pytest
import torch
from torch import Tensor

from bridgebench import Draw

IDS = ("test/00001", "test/00002", "test/00003")


@pytest.fixture
def draw() -> Draw:
    return Draw(seed=3, ids=IDS)


@pytest.fixture
def z() -> Tensor:
    return torch.randn(3, 3, 12, 10, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def x() -> Tensor:
    return torch.rand(3, 3, 12, 10, generator=torch.Generator().manual_seed(2)) * 2 - 1
