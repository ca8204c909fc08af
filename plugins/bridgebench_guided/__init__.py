"""DDIB whose decode is guided by the source's color and by the target's label."""
