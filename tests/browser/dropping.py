"""Files of one's own, handed to the page as a drop does."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

from playwright.sync_api import Page

# Hands files to the page as a drop does; no mouse of a test can carry a file.
DROP = """
async ({ files, type, target }) => {
  const transfer = new DataTransfer();
  for (const [name, text, kind] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: kind }));
  }
  const options = { bubbles: true, cancelable: true, composed: true, dataTransfer: transfer };
  const event = new DragEvent(type, options);
  document.querySelector(target).dispatchEvent(event);
  return event.defaultPrevented;
}
"""


def zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"{folder.name}/{file.name}")
    return buffer.getvalue()


def drag(
    page: Page, *files: tuple[str, bytes, str], type: str = "drop", target: str = ".hero"
) -> bool:
    """Whether the page took the event for itself."""
    given = [(name, base64.b64encode(content).decode(), kind) for name, content, kind in files]
    taken = page.evaluate(DROP, {"files": given, "type": type, "target": target})
    assert isinstance(taken, bool)
    return taken


def drop_zip(page: Page, content: bytes, target: str = ".hero") -> None:
    assert drag(page, ("mine.zip", content, "application/zip"), target=target)


def drop_path(page: Page, path: Path, last: str = "drop") -> None:
    """Drags a file or folder of this machine over the page, as the desktop does."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for type in ("dragEnter", "dragOver", last):
        session.send("Input.dispatchDragEvent", {"type": type, "x": 600, "y": 300, "data": data})
