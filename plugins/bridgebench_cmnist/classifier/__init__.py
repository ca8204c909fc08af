"""The digit classifiers, which the metrics see with."""
