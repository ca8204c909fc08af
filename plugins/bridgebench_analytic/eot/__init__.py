"""Entropic optimal transport between mixtures, whose plan is known."""
