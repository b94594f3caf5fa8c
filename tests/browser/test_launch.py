"""The command `latent-explorer` starts the app from anywhere."""

import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

from explorer import __main__ as launcher

from .app import ROOT, serve


def test_it_starts_the_app_from_another_folder(tmp_path: Path) -> None:
    with serve([], command=["explorer"], folder=tmp_path) as address:
        page = urllib.request.urlopen(address).read().decode()
        assert "/checkpoints/digits/card.json" in page
        assert urllib.request.urlopen(f"{address}/checkpoints/digits/card.json").status == 200


def test_the_installed_command_is_this_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"] == {"latent-explorer": "explorer.__main__:main"}
    assert launcher.main.__module__ == "explorer.__main__"


def test_a_site_to_be_shown_in_is_named_at_the_start(tmp_path: Path) -> None:
    command = ["explorer", "--embed-in", "https://school.example"]
    with serve([], command=command, folder=tmp_path) as address:
        policy = urllib.request.urlopen(address).headers["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors 'self' https://school.example")
    wrong = [sys.executable, "-m", "explorer", "--embed-in", "school.example"]
    done = subprocess.run(wrong, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "is not the address of a site" in done.stderr
