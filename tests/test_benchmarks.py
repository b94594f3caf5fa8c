"""Each benchmark runs at its smallest size: they measure the product, and change with it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent / "benchmarks"
DATA = Path(__file__).parent / "data"
# What they serve, and how: the page that a slider of ours is compared with, and a server.
SERVED = {"plain_slider", "server"}
SMALLEST = {
    "beta": "--turns 1",
    "compare": "--models digits-2d digits-pca --seconds 0.2 --drags 1",
    "evidence": "--images 1 --seconds 0.2 --drags 1",
    "drag": "--model digits-2d --seconds 0.2 --drags 1 --starts 1",
    "live": "--data {data} --set digits --workers warm --rounds 1 --looks --visitors 0",
    "load": "--visitors 2 --seconds 1 --stay 1 --left 1",
    "map": "--model digits-2d --counts 10000 --seconds 0.2 --rounds 1",
    "metrics": "--threads 1 --samples 1 --images 1000 --data {data}",
    "presenting": "--followers 3 --seconds 1",
    "rendering": "--images 512 --rounds 1",
    "steps": "--times 1",
    "training_rate": "--rounds 1 --images 128",
    "training_to_loss": "ours plain --smoke --data {data}",
}


def test_every_benchmark_is_run() -> None:
    assert {path.stem for path in BENCHMARKS.glob("*.py")} == SMALLEST.keys() | SERVED


@pytest.mark.parametrize("name", SMALLEST)
def test_it_runs_and_prints_figures(name: str) -> None:
    command = [sys.executable, BENCHMARKS / f"{name}.py", *SMALLEST[name].format(data=DATA).split()]
    # Figures to keep are measured in Chromium; its headless shell shows that there are some.
    environment = os.environ | {"CHROME_BIN": shutil.which("chromium-headless-shell") or ""}
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=500, env=environment
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert any(character.isdigit() for character in ran.stdout)
