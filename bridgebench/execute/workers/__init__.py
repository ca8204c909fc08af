"""Workers that run the cells of a plan: in this process, in a child process, or on Ray."""
