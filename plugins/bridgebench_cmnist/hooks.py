"""What colored MNIST brings, by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_datasets() -> Mapping[str, type | str]:
    """Colored MNIST."""
    return {"cmnist": "bridgebench_cmnist.digits.dataset:ColoredMnist"}


@hookimpl
def bridgebench_extractors() -> Mapping[str, type | str]:
    """The digit classifier and the one that it is checked against."""
    return {
        "cmnist_digits": "bridgebench_cmnist.classifier.extractor:DigitExtractor",
        "cmnist_digits_2": "bridgebench_cmnist.classifier.extractor:SecondDigitExtractor",
    }


@hookimpl
def bridgebench_scores() -> Mapping[str, type | str]:
    """The conditional score model, the one of sevens alone, and the exact one."""
    return {
        "cmnist_labels": "bridgebench_cmnist.score.models:CmnistLabels",
        "cmnist_sevens": "bridgebench_cmnist.score.models:CmnistSevens",
        "cmnist_exact": "bridgebench_cmnist.exact.model:CmnistExact",
    }
