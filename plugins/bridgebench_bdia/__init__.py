"""BDIA, a solver whose steps can be undone exactly."""
