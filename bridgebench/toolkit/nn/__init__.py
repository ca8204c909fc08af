"""What score-model plugins share: the U-Net, preconditioning, optimizer, training loop, files."""
