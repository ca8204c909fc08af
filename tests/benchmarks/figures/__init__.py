"""Speeds as ratios, one file each: `python tests/benchmarks/speed.py` measures them all."""
