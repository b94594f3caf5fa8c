"""The collapse clinic: a VAE script that is often copied, and the bugs it is copied with."""
