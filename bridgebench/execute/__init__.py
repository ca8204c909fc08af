"""Plan to rows: runs the cells of a plan and keeps a record of each."""
