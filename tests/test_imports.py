"""Imports go one way; opening the app loads nothing it does not need and reports to nobody."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "torchvision", "onnx", "onnxruntime")
# Streamlit imports these where it can; what a first visitor waits for must not make it.
SLOW = ("numpy", "pandas", "pyarrow")


def test_nothing_is_reported_and_nobody_else_is_asked_or_heard() -> None:
    settings = tomllib.loads((ROOT / "explorer/.streamlit/config.toml").read_text("utf-8"))
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["server"]["showEmailPrompt"] is False
    # Without a name Streamlit asks a server on the internet for this machine's address.
    assert settings["browser"]["serverAddress"] == "localhost"
    assert settings["server"]["address"] == "localhost"


@pytest.mark.parametrize("package", ["training", "explorer.server.serving"])
def test_onnxruntime_notes_no_machine_to_report_on(package: str, tmp_path: Path) -> None:
    """On Linux it does so as it is imported, from 1.32 on."""
    # Nothing else, for where tests run for a developer it may keep quiet by itself.
    home = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    ask = [sys.executable, "-c", f"import {package}, onnxruntime"]
    subprocess.run(ask, env=home, check=True)
    assert list(tmp_path.rglob("*")) == []


def imports_of(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize(
    "file", sorted((ROOT / "training").rglob("*.py")), ids=lambda file: file.stem
)
def test_training_knows_neither_explorer_nor_streamlit(file: Path) -> None:
    assert not imports_of(file) & {"explorer", "streamlit", "starlette"}


@pytest.mark.parametrize(
    "file", sorted((ROOT / "explorer").rglob("*.py")), ids=lambda file: file.stem
)
def test_the_explorer_knows_of_training_only_the_contract(file: Path) -> None:
    modules = [
        node.module
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module is not None
    ]
    known = [module for module in modules if module.split(".")[0] == "training"]
    if file.parent.name == "notebook":
        # A network of the cell before becomes a checkpoint, which `training` alone writes.
        known = [module for module in known if module != "training.importing.network"]
    assert all(module.startswith("training.contract") for module in known), known


# An old configuration or a foreign model is of a family that it does not name itself; a notebook
# reads a part of a network that is called as its family, and so does a part of a diffusers folder.
NAMES_ONE = {
    "training/config.py",
    "training/saving/snapshots.py",
    "training/commands/importing.py",
    "explorer/materials/notebook.py",
}
# The folders of training that work with any family.
SHARED = ("checkpoints", "commands", "evaluation", "results", "saving", "trainer", "workers")


def test_code_that_all_families_share_names_none() -> None:
    """What is said of a family stands in its file, or in the contract's table of kinds."""
    training = ROOT / "training"
    families = sorted((training / "families").glob("*.py"))
    ids = {id for file in families for id in re.findall(r'tag="(\w+)"', file.read_text("utf-8"))}
    assert {"vae", "gan"} <= ids
    quoted = re.compile(rf"""["'`]({"|".join(ids - {"pca"})})["'`]""")  # PCA is also a map
    web = ROOT / "explorer" / "instrument" / "web"
    shared = [
        *training.glob("*.py"),
        *(file for folder in SHARED for file in (training / folder).rglob("*.py")),
        *(ROOT / "explorer").rglob("*.py"),
        *(file for file in web.rglob("*.js") if "vendor" not in file.parts),
    ]
    named = {
        str(file.relative_to(ROOT)): found
        for file in shared
        if (found := quoted.findall(file.read_text("utf-8")))
    }
    assert named.keys() <= NAMES_ONE, named


def loaded_by(code: str, names: tuple[str, ...]) -> list[str]:
    """Which of `names` a new interpreter has imported after `code`."""
    script = f"{code}\nimport sys\nprint([name for name in {names!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return ast.literal_eval(done.stdout.splitlines()[-1])


def test_opening_the_app_imports_no_torch() -> None:
    app = repr(str(ROOT / "explorer" / "app.py"))
    pages = [f"views/{path.name}" for path in (ROOT / "explorer/views").glob("[!_]*.py")]
    assert "views/train.py" in pages
    opened = f"""
from streamlit.testing.v1 import AppTest
for page in {pages}:
    app = AppTest.from_file({app}, default_timeout=60).run()
    assert not app.switch_page(page).run().exception
"""
    assert loaded_by(f"import explorer.server.serving\n{opened}", HEAVY) == []


def test_configurations_and_recipes_are_read_without_torch() -> None:
    read = """
from training.config import from_json, to_json
from training.recipes import RECIPES
from training.results.tables import PLANS
for recipe in RECIPES.values():
    assert from_json(to_json(recipe.run)) == recipe.run
"""
    assert loaded_by(read, HEAVY) == []


def test_the_instrument_waits_for_no_data_frames() -> None:
    app = repr(str(ROOT / "explorer" / "app.py"))
    # The logo is the last thing that is drawn, and needs numpy.
    opened = f"""
import streamlit
from streamlit.testing.v1 import AppTest
streamlit.logo = lambda image: None
assert not AppTest.from_file({app}, default_timeout=60).run().exception
"""
    assert loaded_by(f"import explorer.server.serving\n{opened}", SLOW) == []


def test_a_page_from_elsewhere_is_refused_and_nobody_is_asked_who_we_are() -> None:
    knocked = """
import requests
asked = []
requests.get = lambda *arguments, **options: asked.append(arguments)
import explorer.app
from streamlit.web.server.server_util import is_url_from_allowed_origins
assert not is_url_from_allowed_origins("http://elsewhere.example")
assert asked == []
"""
    assert loaded_by(knocked, HEAVY) == []
