"""Plugins that harm others in each way that a plugin can: `how` says which."""

import ctypes
import gc
import importlib
import locale
import os
import posix
import random
import signal
import sys
import threading
import types
import warnings
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field

from bridgebench import (
    Column,
    Extracted,
    Extractor,
    ItemMeter,
    Method,
    Metric,
    Score,
    Stage,
    Transform,
    Translation,
)
from bridgebench_solvers.euler import Euler

KEPT = []


def replace_module(name):
    sys.modules[name] = types.ModuleType(name)


def raise_(error):
    raise error


def fill_memory():
    while True:
        KEPT.append(torch.ones(2**24))


class CannotSay(Exception):
    """An exception that cannot be said."""

    def __str__(self):
        raise RuntimeError("no words")


def exit_in_a_thread():
    thread = threading.Thread(target=lambda: os._exit(0))
    thread.start()
    thread.join()


def change_precision():
    try:
        torch._C._set_fp32_precision_setter("generic", "all", "tf32")
    except AttributeError:  # a torch without it
        torch.set_float32_matmul_precision("high")


def recurse():
    return recurse()


STATE = {
    "default_dtype": lambda: torch.set_default_dtype(torch.float64),
    "default_device": lambda: torch.set_default_device("meta"),
    "matmul_precision": lambda: torch.set_float32_matmul_precision("medium"),
    "precision": change_precision,
    "threads": lambda: torch.set_num_threads(3),
    "mkldnn": lambda: torch.backends.mkldnn.set_flags(False),
    "cudnn": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "deterministic": lambda: torch.use_deterministic_algorithms(True),
    "gradients": lambda: torch.set_grad_enabled(True),
    "autocast": lambda: torch.set_autocast_enabled("cpu", True),
    "denormals": lambda: torch.set_flush_denormal(True),
    "replaced_torch": lambda: replace_module("torch"),
    "replaced_functional": lambda: replace_module("torch.nn.functional"),
    "replaced_numpy": lambda: replace_module("numpy"),
    "replaced_core": lambda: replace_module("bridgebench.execute.scoring"),
}
"""What decides the numbers of others: a failed row."""

QUIET = {
    "seed": lambda: torch.manual_seed(3),
    "numpy_seed": lambda: np.random.seed(3),
    "python_seed": lambda: random.seed(3),
    "numpy_errors": lambda: np.seterr(all="raise"),
    "warnings": lambda: warnings.simplefilter("error"),
    "environment": lambda: os.environ.update(OMP_NUM_THREADS="7", HOME="/nowhere"),
    "emptied_environment": lambda: os.environ.clear(),
    "folder": lambda: os.chdir("/"),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8"),
    "signals": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "stdout": lambda: setattr(sys, "stdout", None),
    "a_module_of_its_own": lambda: replace_module("one_of_my_own"),
    "search_path": sys.path.clear,
    "recursion_limit": lambda: sys.setrecursionlimit(200),
    "umask": lambda: os.umask(0o777),
    "exit_in_a_thread": exit_in_a_thread,
    "garbage": gc.collect,
}
"""What is put back: the row is as good as any."""

ENDS = {
    "sys_exit": lambda: sys.exit(0),
    "sys_exit_3": lambda: sys.exit(3),
    "os_exit": lambda: os._exit(0),
    "posix_exit": lambda: posix._exit(0),
    "base_exception": lambda: raise_(BaseException("gone")),
    "generator_exit": lambda: raise_(GeneratorExit()),
    "stop_iteration": lambda: raise_(StopIteration()),
    "cannot_say": lambda: raise_(CannotSay()),
    "surrogates": lambda: raise_(ValueError("\udc80\x1b[31m\nred")),
    "recursion": recurse,
    "system_exit_text": lambda: raise_(SystemExit("bye")),
    "memory_error": lambda: raise_(MemoryError()),
    "import_error": lambda: importlib.import_module("no_such_module"),
}
"""Ways to end a run: a failed row."""

KILLS = {
    "segfault": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "c_exit": lambda: ctypes.CDLL(None)._exit(3),
    "c_exit_0": lambda: ctypes.CDLL(None)._exit(0),
    "out_of_memory": fill_memory,
}
"""What no one can catch in the same process: a failed row where cells have one of their own."""


def output(make):
    return lambda batch: Translation(make(batch.images))


def late(batch):
    yield raise_(OSError("late"))


ANSWERS = {
    "in_place": output(torch.Tensor.neg_),
    "in_place_data": output(lambda x: x.data.neg_()),
    "in_place_numpy": output(lambda x: torch.from_numpy(fill(x))),
    "resized": lambda batch: Translation(batch.images.clone(), batch.images.t_),
    "nan_latent": lambda batch: Translation(batch.images, latent=batch.images * torch.nan),
    "infinite_output": output(lambda x: x / 0),
    "text_output": output(lambda x: "images"),
    "double_output": output(lambda x: x.double() * 3),
    "none": lambda batch: None,
    "list": lambda batch: [Translation(batch.images.clone())],
    "generator": late,
    "text_latent": lambda batch: Translation(batch.images, latent="z"),
}
"""Wrong answers: a failed row."""


def fill(images):
    array = images.numpy()
    array[:] = 0.25
    return array


DEEDS = {**STATE, **QUIET, **ENDS, **KILLS}


class Misbehaving(Method):
    """The identity, with something done besides."""

    name: ClassVar[str] = "misbehaving"

    how: str = Field(description="what is done")
    at: str = Field("translate", description="translate or share")

    def shared_stages(self, cell, setting):
        return (Stage("encode", options=("how",)),) if self.at == "share" else ()

    def run_stage(self, cell, batch, previous, context):
        cell.method._act(batch)
        return batch.images.clone()

    def translate(self, cell, batch, shared, context):
        if self.how in ANSWERS:
            return ANSWERS[self.how](batch)
        if self.at == "translate":
            self._act(batch)
        elif self.how == "previous":
            shared.neg_()
        return Translation(batch.images.clone())

    def translate_back(self, cell, batch, images, context):
        return {"back_number": 7, "back_shape": images[:, :1]}.get(self.how)

    def _act(self, batch):
        if self.how == "in_place":
            batch.images.neg_()
        elif self.how in DEEDS:
            DEEDS[self.how]()


class MisbehavingTransform(Transform):
    """Modifies what it is given."""

    name: ClassVar[str] = "misbehaving_transform"

    how: str = Field(description="image, latent or source")

    @property
    def acts_on_image(self):
        return self.how == "image"

    def image(self, x, draw):
        return x.neg_() if self.how == "image" else x

    def latent(self, z, x, draw):
        if self.how in DEEDS:
            DEEDS[self.how]()
        return {"latent": z.neg_, "source": x.neg_}.get(self.how, z.clone)()


class MisbehavingSolver(Euler):
    """Euler's steps on the state that it was given."""

    name: ClassVar[str] = "misbehaving_solver"

    how: str = Field(description="what is done")

    def solve(self, denoiser, x, sigmas, noise):
        if self.how in DEEDS:
            DEEDS[self.how]()
            return super().solve(denoiser, x, sigmas, noise)
        return x.copy_(super().solve(denoiser, x.clone(), sigmas, noise))


class MisbehavingMetric(Metric):
    """Measures nothing, and harms what all metrics share."""

    name: ClassVar[str] = "misbehaving_metric"

    how: str = Field(description="what is done")
    where: str = Field("update", description="update, compute, meter, columns or extractors")

    def columns(self):
        self._do("columns")
        return (Column("odd", "", "", "Nothing."),)

    def extractors(self, default):
        self._do("extractors")
        return (default,)

    def meter(self, context):
        self._do("meter")

        def measure(observed):
            self._do("update", observed, context)
            return {"x": torch.zeros(len(observed.ids))}

        def summarize(values):
            self._do("compute")
            return SCORES.get(self.how, {"odd": Score(0.0)})

        return ItemMeter(("x",), measure, summarize)

    def _do(self, where, observed=None, context=None):
        if where != self.where:
            return
        if self.how in DEEDS:
            DEEDS[self.how]()
        elif self.how == "source":
            observed.source.neg_()
        elif self.how == "output":
            observed.output.neg_()
        elif self.how == "reference":
            context.reference().each("as they are", lambda images: images).neg_()
        elif self.how == "features":
            context.reference().extract(context.extractor).features.neg_()


SCORES = {
    "nan": {"odd": Score(float("nan"))},
    "text": {"odd": "1"},
    "list": [1.0],
    "items": {"odd": Score(0.0, items=torch.zeros(3))},
}


class MisbehavingExtractor(Extractor):
    """Modifies the images that it sees."""

    name: ClassVar[str] = "misbehaving_extractor"
    how: ClassVar[str] = "in_place"

    def sha256(self):
        return "1" * 64

    def load(self, device):
        def see(images):
            if self.how in DEEDS:
                DEEDS[self.how]()
            features = images.mean((2, 3))
            if self.how == "in_place":
                images.zero_()
            return Extracted(features, None)

        return see
