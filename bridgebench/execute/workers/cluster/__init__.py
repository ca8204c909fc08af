"""A plan on several workers: one machine's cores or GPUs, or those of a Ray cluster.

units     what a worker is given at once, and what becomes of it when the worker dies
connect   Ray, started here or found at an address
worker    the long-lived process of a device: plans as the driver does, keeps its models
actor     the worker as Ray sees it: which of its calls wait for each other
outbox    what a worker tells, kept until the driver has read it
crew      the workers: started, given work, heard, replaced
run       the driver: hands out units, writes records
"""
