"""What the networks are trained on: batches and recipes."""
