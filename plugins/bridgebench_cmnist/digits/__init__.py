"""The digits, colored: the files, the coloring and the dataset."""
