"""Trains tiny runs one after another in all processes that torchrun has started.

torchrun … train_in_processes.py DATA JSON, which holds a configuration for each folder.
"""

import json
import sys
from contextlib import closing
from pathlib import Path

import torch

from training import build
from training.config import from_json
from training.trainer import loop
from training.trainer.processes import Torchrun

if __name__ == "__main__":
    torch.set_num_threads(1)
    digits = build.dataset("digits", Path(sys.argv[1]))
    runs = {
        Path(name): from_json(config, "run")
        for name, config in json.loads(Path(sys.argv[2]).read_text()).items()
    }
    with closing(Torchrun(next(iter(runs.values())), "cpu")) as processes:
        for folder, config in runs.items():
            loop.train(config, digits, folder, processes.device, processes=processes)
