"""Flow matching from the source straight to the target, with optimal-transport couplings."""
