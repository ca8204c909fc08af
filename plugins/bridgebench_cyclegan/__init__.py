"""CycleGAN: two generators learned against two discriminators, from unpaired images."""
