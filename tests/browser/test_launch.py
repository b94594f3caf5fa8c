"""The command `latent-explorer` starts the app from anywhere."""

import os
import re
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest

from explorer import __main__ as launcher
from explorer import loading

from .app import ROOT, serve


def test_it_starts_the_app_from_another_folder(tmp_path: Path) -> None:
    with serve([], command=["explorer"], folder=tmp_path) as address:
        page = urllib.request.urlopen(address).read().decode()
        assert "/checkpoints/digits/card.json" in page
        assert urllib.request.urlopen(f"{address}/checkpoints/digits/card.json").status == 200
        # Streamlit itself would not pack its modules, and read each anew.
        module = re.search(r"static/js/index\.[\w-]+\.js", page)
        assert module is not None
        for path in (module[0], "instrument/explorer.js"):
            asked = urllib.request.Request(f"{address}/{path}", headers={"Accept-Encoding": "gzip"})
            answer = urllib.request.urlopen(asked).headers
            assert answer["Vary"] == "Accept-Encoding"
            assert answer["Content-Encoding"] == "gzip"
            assert answer["Content-Length"]
            assert answer["X-Content-Type-Options"] == "nosniff"


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


def test_a_folder_that_is_named_is_opened_and_help_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--server.port", "8502", str(tmp_path), "--embed-in=https://a.example", "--x.y=z"]
    assert launcher.split(words) == (
        [str(tmp_path)],
        ["https://a.example"],
        ["--server.port", "8502", "--x.y=z"],
    )
    monkeypatch.setattr(sys, "argv", ["latent-explorer", "--help"])
    launcher.main()
    assert capsys.readouterr().out.startswith("usage: latent-explorer [FOLDER")
    monkeypatch.setattr(sys, "argv", ["latent-explorer", str(tmp_path / "nowhere")])
    with pytest.raises(SystemExit, match=r"There is no folder .*nowhere"):
        launcher.main()
    started: list[list[str]] = []
    monkeypatch.setattr(launcher.cli, "main", lambda **_: started.append(sys.argv))
    monkeypatch.setattr(sys, "argv", ["latent-explorer", str(tmp_path), "--server.port", "8502"])
    monkeypatch.setenv(loading.FIRST, "")
    launcher.main()
    assert started == [["streamlit", "run", str(launcher.APP), "--server.port", "8502"]]
    assert os.environ[loading.FIRST] == str(tmp_path)
