"""What plugins share: color, noise levels, ODE ends, randomness, statistics, networks."""
