"""Dual Diffusion Implicit Bridges, with two score models or one."""
