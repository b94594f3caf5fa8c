"""What can be taken away: the menu, z as JSON, and lines of Python."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer import loading

from .walking import Walk, spelled

ROOT = Path(loading.__file__).resolve().parent.parent


def test_the_menu_of_exports_is_walked_by_key(walk: Walk, page: Page) -> None:
    walk.open()
    button = page.get_by_role("button", name="Export")
    button.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Save the image as PNG")).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(
        page.get_by_role("menuitem", name="Animation of z₁ from end to end, WebP")
    ).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("menu")).to_be_hidden()
    button.click()
    page.keyboard.press("Tab")
    expect(page.get_by_role("menu")).to_be_hidden()


def test_z_as_json_is_a_file_and_a_text(walk: Walk, page: Page, models: Path) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    walk.open("model=blots&z=1,-0.5,0,0")
    walk.export("z as JSON")
    dialog = page.get_by_role("dialog", name="z as JSON")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Save file").click()
    written = json.loads(Path(download.value.path()).read_text("utf-8"))
    decoder = (models / "blots" / "decoder.onnx").read_bytes()
    assert written["z"] == [1, -0.5, 0, 0]
    assert written["decoder_sha256"] == hashlib.sha256(decoder).hexdigest()
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog).to_contain_text("press Ctrl C")
    assert json.loads(page.evaluate("String(getSelection())")) == written
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Export")).to_be_focused()


def test_the_lines_of_python_reproduce_the_image(
    walk: Walk, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "SHIPPED", ROOT / "assets" / "models")
    z = [0.4, -1.2, 0, 0.75, 2, -0.3, 1.1, -1.4, 0.05, 1]
    walk.open(f"model=digits&z={spelled(z)}")
    walk.export("This image in Python")
    lines = page.locator(".export-text").text_content()
    assert lines is not None
    program = f"{lines}\nimport sys\nsys.stdout.buffer.write(image.tobytes())\n"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
    image = np.frombuffer(run.stdout, np.float32).reshape(28, 28)

    assert np.abs((image * 255)[:, :, None] - walk.image()).max() <= 1
