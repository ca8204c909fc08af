"""What the system says of the machine is what torch says."""

import torch

from bridgebench.plan import machine


def test_the_flags_of_the_processor_say_what_torch_says_of_bf16(monkeypatch):
    said = machine.computes_bf16("cpu")
    monkeypatch.setattr(machine, "_cpu_flags", lambda: None)
    assert machine.computes_bf16("cpu") == said


def test_auto_is_the_gpu_that_torch_finds():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert machine.resolve_device("auto") == expected


def test_without_a_driver_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(machine, "_DRIVER", "libnosuchdriver.so.1")
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine, "version", lambda name: "2.6.0+cu124")
    machine._may_have_gpu.cache_clear()
    try:
        assert machine.resolve_device("auto") == "cpu"
    finally:
        machine._may_have_gpu.cache_clear()
