"""The commands of `python -m training`: one file each, and two that they share.

Each offers a line of `HELP`, `add(parser)`, which declares its arguments, and `run(options)`,
which returns the exit status. What needs torch is imported when a command runs, so that help and
errors come at once.
"""
