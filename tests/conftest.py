"""What all tests share."""

import os

# One thread each, before anything counts the cores: two processes of pytest fill two of them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
