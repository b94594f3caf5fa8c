"""Models of other programs, taken over into checkpoint folders that the explorer opens."""
