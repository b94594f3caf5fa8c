"""The HTTP side: what the server answers, and how it copes with whatever is sent to it."""
