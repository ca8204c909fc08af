"""What has an exact answer, by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_datasets() -> Mapping[str, type | str]:
    """Distributions that are known exactly."""
    return {
        "analytic_images": "bridgebench_analytic.images.dataset:AnalyticImages",
        "eot_mixture": "bridgebench_analytic.eot.dataset:EotMixture",
    }


@hookimpl
def bridgebench_scores() -> Mapping[str, type | str]:
    """Their denoisers in closed form."""
    return {
        "analytic_images": "bridgebench_analytic.images.score:AnalyticScore",
        "eot_mixture": "bridgebench_analytic.eot.score:EotScore",
    }


@hookimpl
def bridgebench_metrics() -> Mapping[str, type | str]:
    """Distances from the exact answer."""
    return {
        "map_error": "bridgebench_analytic.images.map_error:MapError",
        "w2": "bridgebench_analytic.images.w2:W2",
        "uvp": "bridgebench_analytic.eot.uvp:Uvp",
    }


@hookimpl
def bridgebench_methods() -> Mapping[str, type | str]:
    """What an entropic transport task is compared with."""
    return {
        "constant_mean": "bridgebench_analytic.eot.baselines:ConstantMean",
        "linear_map": "bridgebench_analytic.eot.baselines:LinearMap",
        "exact_plan": "bridgebench_analytic.eot.baselines:ExactPlan",
    }
