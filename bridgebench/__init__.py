"""bridgebench: a plugin-based benchmark of image-to-image bridges.

Everything that a plugin needs is imported from here. Names are looked up at first use, so that
importing the package does not import torch.

>>> import bridgebench
>>> "Solver" in dir(bridgebench)
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridgebench.api import run as run
    from bridgebench.errors import (
        BridgebenchError as BridgebenchError,
        BudgetError as BudgetError,
        DuplicateName as DuplicateName,
        IntegrityError as IntegrityError,
        InvalidOption as InvalidOption,
        OutputError as OutputError,
        PluginError as PluginError,
        UnknownName as UnknownName,
        UsageError as UsageError,
    )
    from bridgebench.interfaces.cell import (
        Axis as Axis,
        Cell as Cell,
        Parts as Parts,
        Setting as Setting,
        Stage as Stage,
    )
    from bridgebench.interfaces.dataset import (
        Dataset as Dataset,
        Items as Items,
        ItemStream as ItemStream,
    )
    from bridgebench.interfaces.extractor import (
        Extracted as Extracted,
        Extractor as Extractor,
        LoadedExtractor as LoadedExtractor,
    )
    from bridgebench.interfaces.method import (
        Batch as Batch,
        Method as Method,
        Network as Network,
        NetworkLoader as NetworkLoader,
        Supervision as Supervision,
        Translation as Translation,
    )
    from bridgebench.interfaces.metric import (
        Column as Column,
        Metric as Metric,
        MetricContext as MetricContext,
        Observed as Observed,
        Population as Population,
        Score as Score,
    )
    from bridgebench.interfaces.plugin import Plugin as Plugin
    from bridgebench.interfaces.run_context import RunContext as RunContext
    from bridgebench.interfaces.score_model import (
        Denoiser as Denoiser,
        DenoiserFamily as DenoiserFamily,
        Precision as Precision,
        ScoreModel as ScoreModel,
    )
    from bridgebench.interfaces.solver import Noise as Noise, Solver as Solver
    from bridgebench.interfaces.transform import Chain as Chain, Transform as Transform
    from bridgebench.interfaces.version import API_VERSION as API_VERSION
    from bridgebench.plugins.hookspecs import hookimpl as hookimpl
    from bridgebench.toolkit.item_meter import ItemMeter as ItemMeter
    from bridgebench.toolkit.noise_levels import Spacing as Spacing, sigma_grid as sigma_grid
    from bridgebench.toolkit.randomness import (
        Draw as Draw,
        generator as generator,
        normal as normal,
        uniform as uniform,
    )
    from bridgebench.toolkit.statistics.intervals import (
        Estimate as Estimate,
        bootstrap_mean as bootstrap_mean,
        exact_share as exact_share,
        influence_interval as influence_interval,
        positive_interval as positive_interval,
    )
    from bridgebench.toolkit.threads import one_thread as one_thread

__version__ = "0.1.0"

_HOMES = {
    "bridgebench.api": ("run",),
    "bridgebench.errors": (
        "BridgebenchError",
        "BudgetError",
        "DuplicateName",
        "IntegrityError",
        "InvalidOption",
        "OutputError",
        "PluginError",
        "UnknownName",
        "UsageError",
    ),
    "bridgebench.plugins.hookspecs": ("hookimpl",),
    "bridgebench.interfaces.dataset": ("Dataset", "Items", "ItemStream"),
    "bridgebench.interfaces.extractor": ("Extracted", "Extractor", "LoadedExtractor"),
    "bridgebench.interfaces.cell": ("Axis", "Cell", "Parts", "Setting", "Stage"),
    "bridgebench.interfaces.method": (
        "Batch",
        "Method",
        "Network",
        "NetworkLoader",
        "Supervision",
        "Translation",
    ),
    "bridgebench.interfaces.metric": (
        "Column",
        "Metric",
        "Observed",
        "Population",
        "Score",
        "MetricContext",
    ),
    "bridgebench.interfaces.plugin": ("Plugin",),
    "bridgebench.interfaces.run_context": ("RunContext",),
    "bridgebench.interfaces.score_model": ("Denoiser", "DenoiserFamily", "Precision", "ScoreModel"),
    "bridgebench.interfaces.solver": ("Noise", "Solver"),
    "bridgebench.interfaces.transform": ("Chain", "Transform"),
    "bridgebench.interfaces.version": ("API_VERSION",),
    "bridgebench.toolkit.item_meter": ("ItemMeter",),
    "bridgebench.toolkit.randomness": ("Draw", "generator", "normal", "uniform"),
    "bridgebench.toolkit.noise_levels": ("Spacing", "sigma_grid"),
    "bridgebench.toolkit.statistics.intervals": (
        "Estimate",
        "bootstrap_mean",
        "exact_share",
        "influence_interval",
        "positive_interval",
    ),
    "bridgebench.toolkit.threads": ("one_thread",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [*_HOME_OF, "__version__"]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'bridgebench' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
