"""ODE solvers for the probability flow: Euler (DDIM), Heun and DPM-Solver++."""
