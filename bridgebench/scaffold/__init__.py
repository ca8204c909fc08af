"""Plugins to start from: a distribution of each kind, written from the templates beside this."""

from bridgebench.scaffold.distribution import Distribution, distribution_of
from bridgebench.scaffold.writing import write_distribution

__all__ = ["Distribution", "distribution_of", "write_distribution"]
