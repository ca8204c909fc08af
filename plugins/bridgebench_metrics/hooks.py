"""The metrics and the extractor by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_metrics() -> Mapping[str, type | str]:
    """What is measured of the outputs of a cell."""
    return {
        "success": "bridgebench_metrics.success:Success",
        "fid": "bridgebench_metrics.fid:Fid",
        "kid": "bridgebench_metrics.kid:Kid",
        "precision_recall": "bridgebench_metrics.precision_recall:PrecisionRecall",
        "color": "bridgebench_metrics.color:Color",
        "accuracy": "bridgebench_metrics.accuracy:Accuracy",
        "agreement": "bridgebench_metrics.accuracy:Agreement",
        "swd": "bridgebench_metrics.swd:Swd",
        "saturation": "bridgebench_metrics.saturation:Saturation",
        "transport": "bridgebench_metrics.transport:Transport",
        "structure": "bridgebench_metrics.structure:Structure",
        "diversity": "bridgebench_metrics.diversity:Diversity",
        "memorization": "bridgebench_metrics.memorization:Memorization",
        "duplicates": "bridgebench_metrics.memorization:Duplicates",
        "style": "bridgebench_metrics.style:Style",
        "sample_diversity": "bridgebench_metrics.diversity:SampleDiversity",
        "cycle": "bridgebench_metrics.cycle:Cycle",
    }


@hookimpl
def bridgebench_extractors() -> Mapping[str, type | str]:
    """Networks whose features the metrics look at."""
    return {"inception": "bridgebench_metrics.inception:Inception"}
