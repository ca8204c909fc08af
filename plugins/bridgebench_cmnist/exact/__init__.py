"""The exact score of the colored training digits."""
