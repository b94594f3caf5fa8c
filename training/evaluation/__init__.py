"""Measures a trained model on the test split, with what `metrics/` computes."""
