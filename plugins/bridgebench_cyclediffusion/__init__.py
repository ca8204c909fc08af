"""CycleDiffusion: the stochastic encoder of diffusion models, on the project's score models."""
