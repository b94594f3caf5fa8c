"""Runs `python -m training` and sends itself a signal when a function is called for the n-th time.

python stop_at.py MODULE.FUNCTION N SIGNAL train digits …

Of several processes under torchrun, the last alone gets the signal.
"""

import importlib
import os
import sys
from typing import Any

place, number, signal_number, *arguments = sys.argv[1:]
module_name, name = place.rsplit(".", 1)
module = importlib.import_module(module_name)
original = getattr(module, name)
calls = 0
last = int(os.environ.get("RANK", "0")) == int(os.environ.get("WORLD_SIZE", "1")) - 1


def stop_or_call(*args: Any, **kwargs: Any) -> Any:
    global calls
    calls += 1
    if last and calls == int(number):
        os.kill(os.getpid(), int(signal_number))
    return original(*args, **kwargs)


setattr(module, name, stop_or_call)

if __name__ == "__main__":
    main = importlib.import_module("training.__main__").main
    sys.exit(main(arguments))
