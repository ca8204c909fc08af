"""Colored MNIST: the dataset, its digit classifier and two score models with their weights."""
