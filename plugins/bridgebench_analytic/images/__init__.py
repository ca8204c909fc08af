"""Pairs of image domains whose probability flows are known in closed form."""
