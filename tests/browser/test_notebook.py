"""The instrument in a frame, as a notebook has it: its host moves it, and sees where it went."""

import math
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

import explorer
from training.contract.errors import UserError

HOST = """<!doctype html>
<iframe style="width: 1280px; height: 760px"></iframe>
<script>
const received = [];
addEventListener("message", ({ data }) => received.push(data));
</script>
"""

# As `widget.js` does: nothing can be addressed relative to a blob.
SHOWN = """
page => {
  const address = URL.createObjectURL(new Blob([page], { type: "text/html" }));
  document.querySelector("iframe").src = address;
}
"""


def test_a_host_moves_the_model_and_hears_where_it_went(
    context: BrowserContext, models: Path, tmp_path: Path
) -> None:
    view = explorer.show(models / "blots")
    (tmp_path / "host.html").write_text(HOST)
    page = context.new_page()
    page.goto((tmp_path / "host.html").as_uri())
    page.evaluate(SHOWN, view.content().decode())
    page.wait_for_function("received.length > 0")
    assert len(page.evaluate("received.at(-1).z")) == view.card.size
    z = [0.5, -1.0, *[0.0] * (view.card.size - 2)]
    page.evaluate("z => frames[0].postMessage({ z, selection: [1, 2] }, '*')", z)
    page.wait_for_function("z => String(received.at(-1).z) === String(z)", arg=z)
    page.wait_for_function("String(received.at(-1).selection) === '1,2'")
    frame = page.frame_locator("iframe")
    frame.locator(".sliders .range").first.press("ArrowRight")
    page.wait_for_function("z => String(received.at(-1).z) !== String(z)", arg=z)
    page.close()


def test_what_the_model_does_not_have_is_refused(models: Path) -> None:
    view = explorer.show(models / "blots")
    with pytest.raises(UserError, match=f"z has 1 numbers; this model has {view.card.size}"):
        view.z = [1.0]
    with pytest.raises(UserError, match="label is 1; this model has 0 labels"):
        view.label = 1
    with pytest.raises(UserError, match="give finite numbers"):
        view.z = [math.nan] * view.card.size
    assert view.card.examples is not None
    count = view.card.examples.count
    with pytest.raises(UserError, match=f"selection has the example {count}; this model has"):
        view.selection = [0, count]
    view._answer(None, ["page"], None)
