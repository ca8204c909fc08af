"""Transforms of the source image and of the latent."""
