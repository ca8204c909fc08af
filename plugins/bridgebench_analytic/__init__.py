"""Tasks whose exact answer is known: Gaussians, mixtures of Gaussians, entropic transport."""
