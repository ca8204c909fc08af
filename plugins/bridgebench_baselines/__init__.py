"""Baselines: what every board shows beside its methods."""
