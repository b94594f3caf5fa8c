"""A teacher's screen that others follow, and the tally of what a class predicts."""
