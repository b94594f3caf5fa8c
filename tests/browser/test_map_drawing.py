"""What the map is drawn with: axes, colours, the decoded sheet, and the graphics card."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from . import checkpoints
from .chart import colour_at, open_map
from .instrument import Instrument, decoded, frames
from .modules import call


def test_the_sheet_asks_for_the_codes_of_its_cells(module: Page) -> None:
    body = """
      const asked = [];
      let finish;
      const finished = new Promise((resolve) => (finish = resolve));
      const decode = async (codes, columns) => {
        asked.push(...codes);
        if (asked.length >= 900) finish();
        return new ImageData(columns * 2, (codes.length / columns) * 2);
      };
      const sheet = it.createSheet({ shape: [1, 2, 2], decode, onDrawn() {} });
      const inverse = (x, y, z) => [z[0], y, x];
      const view = { x: 1, y: -1, scale: 10, width: 90, height: 60 };
      sheet.ask({ inverse }, [7, 0, 0], view, 0);
      await finished;
      return asked;
    """
    asked = np.array(call(module, "map/sheet.js", body))

    # The view is 9 × 6 around (1, −1): the largest square in it goes from −2 to 4 and from 2 to −4.
    steps = (np.arange(30) + 0.5) / 30 * 6
    y, x = np.meshgrid(2 - steps, -2 + steps, indexing="ij")
    expected = np.stack([np.full(900, 7), y.ravel(), x.ravel()], 1)
    assert asked == pytest.approx(expected)


def test_how_faithful_the_map_is_stands_below_it(instrument: Instrument, page: Page) -> None:
    instrument.open("model=blots")
    page.get_by_role("button", name="trustworthiness 0.970").click()
    # What it means, then how it was measured.
    expect(page.locator(".faith .bubble").first).to_have_text(
        "Whether neighbours on the map are neighbours in latent space too. 1 is perfect. "
        "Made by hand for a test. Measured on the test split, 12 images, seed 0."
    )
    expect(page.locator(".faith")).to_contain_text("placement error 0.8 %")
    page.locator(".map-tools select").first.select_option("pca")
    expect(page.locator(".faith")).to_contain_text("explains 60 + 30 %")


def test_the_legend_hides_classes(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["pca"], "&axes=pca&z=3,3,3,0")
    spot = chart.spot(codes["pca"][4])
    # The fifth class is purple: less green than red and blue.
    assert colour_at(page, spot) @ [1, -2, 1] > 80
    four = page.locator(".class").nth(4)
    expect(four).to_have_text("41")  # the class, and how many there are of it
    four.click()
    expect(four).to_have_attribute("aria-pressed", "false")
    page.mouse.move(5, 5)
    frames(page)
    assert colour_at(page, spot).min() > 200
    page.mouse.move(*spot)
    expect(page.locator(".map-tip")).to_contain_text("neighbour within the circle")

    page.locator(".class").nth(2).dblclick()
    pressed = page.locator(".class[aria-pressed='true']")
    expect(pressed).to_have_count(1)
    page.get_by_role("button", name="show all").click()
    expect(pressed).to_have_count(10)
    # All of them are one stop of the Tab key: the arrows walk.
    expect(page.locator(".class[tabindex='0']")).to_have_count(1)
    page.locator(".class").nth(3).focus()
    page.keyboard.press("ArrowRight")
    expect(four).to_be_focused()
    page.keyboard.press("Enter")
    expect(four).to_have_attribute("aria-pressed", "false")


def test_axes_and_colour_are_in_the_link(instrument: Instrument, page: Page) -> None:
    instrument.open("model=blots")
    page.wait_for_selector(".map-tools:not([inert])")
    page.get_by_label("Map", exact=True).select_option("latents")
    page.wait_for_function("location.search.includes('axes=z1,z0')")
    page.get_by_label("Up", exact=True).select_option("z2")
    page.get_by_label("Coloured by").select_option("error")
    page.wait_for_function("location.search.includes('axes=z1,z2')")
    page.wait_for_function("location.search.includes('colour=error')")

    page.goto(page.url)
    page.wait_for_selector(".map-tools:not([inert])")
    expect(page.get_by_label("Across", exact=True)).to_have_value("z1")
    expect(page.get_by_label("Up", exact=True)).to_have_value("z2")
    expect(page.locator(".scale")).to_contain_text("reconstruction error, nats")


@pytest.fixture
def plane(models: Path) -> Iterator[None]:
    """A checkpoint of two latents, for as long as a test lasts."""
    checkpoints.write(models / "plane", latents=2, inactive=0, title="Plane")
    yield
    shutil.rmtree(models / "plane")


def test_two_latents_are_their_own_map_and_umap_is_a_choice(
    instrument: Instrument, plane: None, page: Page
) -> None:
    instrument.open("model=plane")
    page.wait_for_selector(".map-tools:not([inert])")
    kind = page.get_by_label("Map", exact=True)
    expect(kind).to_have_value("latents")
    expect(page.locator(".faith")).to_be_hidden()
    kind.select_option("umap")
    page.wait_for_function("location.search.includes('axes=umap')")
    expect(page.locator(".faith")).to_contain_text("trustworthiness")
    kind.select_option("latents")
    page.wait_for_function("!location.search.includes('axes')")


def test_the_legend_gives_true_quantiles(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    open_map(instrument, codes["umap"], "&colour=error")
    ordered = np.sort(codes["reconstruction"])
    low, middle, high = (ordered[int(np.floor(share * 11 + 0.5))] for share in (0.05, 0.5, 0.95))
    digits = 1 if high - low < 10 else 0
    marks = page.locator(".scale-marks")
    expect(marks).to_contain_text(f"5 % below {low:.{digits}f}")
    expect(marks).to_contain_text(f"median {middle:.{digits}f}")
    expect(marks).to_contain_text(f"5 % above {high:.{digits}f}")


def test_the_decoded_sheet_shows_the_plane(
    instrument: Instrument, models: Path, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["mean"][:, [1, 0]], "&axes=z1,z0&z=0,0,1.5,0")
    page.get_by_role("button", name="Decoded sheet").click()
    page.wait_for_function("performance.getEntriesByName('instrument:sheet').length")
    page.mouse.move(*chart.spot(codes["mean"][3, [1, 0]]))
    expect(page.locator(".map-tip")).to_contain_text("test image 3")
    expect(page.locator(".map-points")).to_have_text("Points")
    page.get_by_role("button", name="Points").click()
    page.mouse.move(5, 5)
    frames(page)
    x, y = chart.corner + chart.sides * [0.5, 0.3]
    picture = Image.open(
        io.BytesIO(page.screenshot(clip={"x": x - 8, "y": y - 8, "width": 16, "height": 16}))
    )
    there = np.asarray(picture.convert("RGB"), float).mean()
    v1, v0 = chart.place(x, y)
    expected = decoded(models, np.array([v0, v1, 1.5, 0])).mean()
    assert there == pytest.approx(expected, abs=30)

    instrument.cell(2, 0).click()
    sheets = "performance.getEntriesByName('instrument:sheet').map(({ detail }) => detail.z.join())"
    page.wait_for_function(f"{sheets}.at(-1) === '0,0,-3,0'")
    assert page.evaluate(sheets) == ["0,0,1.5,0", "0,0,-3,0"], "decoded for another z alone"


def test_without_webgl_the_points_are_drawn_by_the_canvas(
    instrument: Instrument, page: Page
) -> None:
    page.add_init_script(
        """const get = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          return kind === "webgl2" ? null : get.call(this, kind, ...rest);
        };"""
    )
    instrument.open("model=blots&z=5,-5,5,0")
    page.wait_for_function("performance.getEntriesByName('instrument:map').length")
    frames(page)
    painted = "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
    solid = f"(canvas) => ({painted})(canvas).data.filter((v, at) => at % 4 === 3 && v > 99).length"
    assert page.locator(".map-dots").evaluate(solid) > 300
    expect(page.locator(".nearest")).to_contain_text("Far from the data")
    instrument.cell(0, 0).click()
    instrument.wait_for_z(-3, -5, 5, 0)


def test_a_checkpoint_without_a_map_still_has_its_latents(
    instrument: Instrument, models: Path, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    card = json.loads((models / "blots" / "card.json").read_text()) | {"map": None}
    page.route("**/card.json", lambda route: route.fulfill(json=card))
    chart = open_map(instrument, codes["mean"][:, [1, 0]])
    expect(page.locator(".map-sentence")).to_contain_text(
        "This checkpoint has no map yet: run python -m training embed"
    )
    expect(page.locator(".map-tools option[value='umap']")).to_be_disabled()
    expect(page.locator(".map-tools option[value='pca']")).to_be_disabled()
    chart.hover(3)
    expect(page.locator(".map-tip")).to_contain_text("test image 3")
    expect(page.locator(".nearest")).to_have_text("The nearest, a 3, is 0.00 away.")


def test_the_map_comes_back_with_the_graphics_card(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    page.add_init_script(
        """const get = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          if (kind === "webgl2") window.drawsPoints = this;
          return get.call(this, kind, ...rest);
        };"""
    )
    chart = open_map(instrument, codes["pca"], "&axes=pca&z=3,3,3,0")
    spot = chart.spot(codes["pca"][4])
    page.evaluate(
        """async () => {
          const canvas = window.drawsPoints;
          const card = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
          const event = (name) =>
            new Promise((resolve) => canvas.addEventListener(name, resolve, { once: true }));
          let done = event("webglcontextlost");
          card.loseContext();
          await done;
          done = event("webglcontextrestored");
          // Not before the event of the loss is over.
          await new Promise(requestAnimationFrame);
          card.restoreContext();
          await done;
        }"""
    )
    frames(page)
    assert colour_at(page, spot) @ [1, -2, 1] > 80


def test_the_points_are_copied_to_a_canvas_that_every_compositor_clips_well(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    open_map(instrument, codes["pca"], "&axes=pca&z=3,3,3,0")
    shown = instrument._pixels(page.locator(".map-dots")).astype(int)
    assert (np.ptp(shown, axis=2) > 60).sum() > 12


def test_the_colours_follow_the_theme(instrument: Instrument, page: Page) -> None:
    instrument.open("model=blots&axes=pca")
    dot = page.locator(".class i").nth(7)
    expect(dot).to_have_attribute("style", "--colour: rgb(143 95 15 / 1)")
    page.emulate_media(color_scheme="dark")
    expect(dot).to_have_attribute("style", "--colour: rgb(215 171 114 / 1)")
