"""Training that visitors ask for: a queue in one file, and one worker process beside the server."""
