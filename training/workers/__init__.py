"""What the explorer runs in a process of its own, a line of JSON each way."""
