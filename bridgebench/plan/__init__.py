"""Task and choices to cells, stages and batches: everything is decided here, nothing later."""
