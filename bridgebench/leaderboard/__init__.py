"""The leaderboard: records of finished cells into a ranked table, its file, and its checks."""
