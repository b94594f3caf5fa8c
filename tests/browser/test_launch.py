"""The command `latent-explorer` starts the app from anywhere."""

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
