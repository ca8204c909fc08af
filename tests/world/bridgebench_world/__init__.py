"""A small world with known answers: Gaussian images in two domains, and methods that fail."""
