"""Plugins of shapes, ranges and words that no page of the docs shows."""

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_datasets():
    return {"greys": "odd_plugins.data:Greys", "points": "odd_plugins.data:Points"}


@hookimpl
def bridgebench_scores():
    return {
        "grey_score": "odd_plugins.score:GreyScore",
        "point_score": "odd_plugins.score:PointScore",
        "half_score": "odd_plugins.score:HalfScore",
    }


@hookimpl
def bridgebench_transforms():
    return {"cached": "odd_plugins.transform:Cached", "running": "odd_plugins.transform:Running"}


@hookimpl
def bridgebench_metrics():
    return {
        "brightness": "odd_plugins.metric:Brightness",
        "unmerged": "odd_plugins.metric:Unmerged",
    }


@hookimpl
def bridgebench_extractors():
    return {"flat": "odd_plugins.metric:Flat"}


@hookimpl
def bridgebench_methods():
    return {"offset": "odd_plugins.method:Shift", "own_weights": "odd_plugins.method:OwnWeights"}


@hookimpl
def bridgebench_tasks():
    return {"greys_task": "odd_plugins:greys.yaml", "points_task": "odd_plugins:points.yaml"}
