"""Makes a checkpoint of a network that somebody else made or trains."""
