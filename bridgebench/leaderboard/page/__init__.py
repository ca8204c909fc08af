"""The page of leaderboards: one HTML file that needs nothing else."""
