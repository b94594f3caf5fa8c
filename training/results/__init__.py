"""The tables of results: which runs belong to one, and making them."""
