"""How fast this machine runs bridgebench, as ratios: one file a figure."""
