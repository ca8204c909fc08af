"""Solvers: Euler (DDIM), Heun, DPM-Solver++, Bogacki-Shampine and ancestral sampling."""
