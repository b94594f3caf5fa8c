"""Makes checkpoints: data, models, objectives, the loop. Knows nothing of the explorer."""
