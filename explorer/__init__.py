"""The explorer: a trained VAE under your fingers."""
