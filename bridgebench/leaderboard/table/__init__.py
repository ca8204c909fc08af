"""The rows of a board: made from records, ranked, compared and merged."""
