"""Workers on Ray: one machine's cores or GPUs, or those of a cluster.

connect   Ray, started here or found at an address
workers   the workers, as the scheduler's process sees them
actor     a worker, as Ray sees it: which of its calls wait for each other
sent      shared stages on their way from one worker to others
"""
