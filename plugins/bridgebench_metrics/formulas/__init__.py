"""What metrics compute: pure functions of tensors, which the metrics import when they measure."""
