"""Trains: the loop, seeds together, processes together, and what they run on."""
