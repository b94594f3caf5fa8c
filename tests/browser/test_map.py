"""What lies where on the map: points, the place of z, and what the pointer shows."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect
from scipy.stats import chi

from training.contract.files import as_json, read_card

from . import checkpoints
from .chart import Chart, Floats, open_map, shown_z
from .instrument import Instrument, decoded, frames
from .modules import call


def placed(z: Floats, means: Floats, points: Floats, k: int = 15) -> Floats:
    """The geometric median of the k nearest points, weighted by 1 / (distance + 1e-6)."""
    distances = np.linalg.norm(means.astype(float) - z, axis=1)
    near = np.argsort(distances)[:k]
    weights = 1 / (distances[near] + 1e-6)
    points = points.astype(float)
    soft = 0.01 * np.ptp(points, axis=0).max()
    middle = weights @ points[near] / weights.sum()
    for _ in range(10):
        pulls = weights / np.hypot(np.linalg.norm(points[near] - middle, axis=1), soft)
        middle = pulls @ points[near] / pulls.sum()
    return np.asarray(middle, np.float32)


def test_the_marker_follows_a_slider_on_the_umap(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["umap"], "&z=0.5,0.25,-1,0")
    marker = page.locator(".map-here")
    for z in ([0.5, 0.25, -1], [0.5, -1.5, -1]):
        instrument.value(1).fill(str(z[1]))
        instrument.value(1).press("Enter")
        frames(page)
        here = placed(np.array(z), codes["mean"][:, :3], codes["umap"])
        box = marker.bounding_box()
        assert box is not None
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert middle == pytest.approx(chart.spot(here), abs=1.5)


def test_a_path_that_leaps_over_a_map_is_dotted_there(module: Page) -> None:
    body = """
      const { newView } = await import("/instrument/map/view.js");
      const canvas = document.createElement("canvas");
      const view = { ...newView(), x: 50, y: 0, width: 100, height: 20, dots: 1 };
      const scene = { ...it.newScene(), path: [[5, 0], [25, 0], [95, 0]], jump: 30 };
      it.drawScene(canvas, view, scene, { ink: "black", paper: "white", accent: "red" });
      const { data } = canvas.getContext("2d").getImageData(0, 10, 100, 1);
      return Array.from({ length: 100 }, (_, x) => data[4 * x] < 90 && data[4 * x + 3] > 200);
    """
    dark = call(module, "map/overlay.js", body)
    assert all(dark[6:24])
    assert not any(dark[30:90])
    assert dark[95]


def test_a_plane_of_two_latents_has_the_prior_and_the_posterior_on_it(module: Page) -> None:
    """Rings at one and two standard deviations, 20 pixels to a unit, and a dot for a draw."""
    body = """
      const { newView } = await import("/instrument/map/view.js");
      const canvas = document.createElement("canvas");
      const view = { ...newView(), width: 200, height: 200, scale: 20, dots: 1 };
      const scene = { ...it.newScene(), prior: true, draws: [[3, -3]],
        posterior: { mean: [2, -2], std: [0.5, 0.25] } };
      it.drawScene(canvas, view, scene, { ink: "black", paper: "white", accent: "red" });
      const at = (x, y) =>
        [...canvas.getContext("2d").getImageData(100 + 20 * x, 100 - 20 * y, 1, 1).data];
      return { prior: at(-1, 0), inside: at(-0.5, 0), draw: at(3, -3), nowhere: at(-3, 3),
        wide: at(2.5, -2), high: at(2, -1.75), middle: at(2, -2) };
    """
    seen = call(module, "map/overlay.js", body)
    assert seen["prior"][3] > 150
    assert max(seen["prior"][:3]) < 90
    for empty in ("inside", "nowhere", "middle"):
        assert seen[empty][3] == 0
    for red in ("draw", "wide", "high"):
        assert seen[red][0] > 200
        assert max(seen[red][1:3]) < 90


def test_draws_stand_on_the_umap_where_the_marker_would(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    page.add_init_script(
        """const arc = CanvasRenderingContext2D.prototype.arc;
        window.dots = [];
        CanvasRenderingContext2D.prototype.arc = function (x, y, radius, ...rest) {
          if (this.canvas.classList.contains("map-over") && radius === 3) window.dots.push([x, y]);
          arc.call(this, x, y, radius, ...rest);
        };"""
    )
    open_map(instrument, codes["umap"], "&example=4")
    expect(page.locator(".map-key")).to_be_hidden()
    page.wait_for_function("document.querySelector('.pipeline-sum')?.textContent === 'z = μ'")
    page.get_by_role("button", name="Draw from the posterior").click()
    page.wait_for_function("dots.length")
    expect(page.locator(".map-key .term:visible")).to_have_text(["dots: draws"])
    frames(page)
    # Distances are over the active latents.
    z = np.array(instrument.z())[:3]
    chart = Chart(page, codes["umap"])
    there = chart.spot(placed(z, codes["mean"][:, :3], codes["umap"])) - chart.corner
    assert page.evaluate("dots.at(-1)") == pytest.approx(tuple(there), abs=1)

    # Those of another image are not of this posterior.
    page.get_by_role("button", name="Image 5, 5").click()
    expect(page.locator(".map-key")).to_be_hidden()


def test_a_map_without_an_active_latent_says_that_it_is_noise(
    instrument: Instrument, page: Page, tmp_path: Path
) -> None:
    checkpoints.write(tmp_path / "blots", inactive=4)
    for file in (tmp_path / "blots").iterdir():
        content = as_json(read_card(file.parent)) if file.name == "card.json" else file.read_bytes()
        page.route(f"**/blots/{file.name}", lambda route, _, body=content: route.fulfill(body=body))
    instrument.open()
    expect(page.locator(".map-sentence")).to_contain_text("This map shows noise.")


def test_hovering_a_point_shows_its_image_and_its_code_until_the_pointer_leaves(
    instrument: Instrument, models: Path, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["umap"], "&z=0.5,0.25,-0.5,0")
    before = instrument.image()
    chart.hover(5)
    tip = page.locator(".map-tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("test image 5")
    expect(tip).to_contain_text(f"{codes['reconstruction'][5]:.1f} nats")
    assert shown_z(instrument) == pytest.approx(codes["mean"][5, :3], abs=0.006)
    page.wait_for_function("performance.getEntriesByName('instrument:hover').length")
    sheet = Image.open(io.BytesIO((models / "blots" / "thumbnails.webp").read_bytes()))
    top, left = 5 // checkpoints.COLUMNS * 12, 5 % checkpoints.COLUMNS * 8
    expected = np.asarray(sheet.convert("RGB"))[top : top + 12, left : left + 8]
    page.wait_for_function(
        "document.querySelector('.tip-image').getContext('2d').getImageData(0, 0, 8, 12).data[3]"
    )
    assert np.array_equal(instrument._pixels(page.locator(".tip-image")), expected)
    assert np.abs(instrument.image() - decoded(models, codes["mean"][5])).max() <= 2
    assert instrument.z() == [0.5, 0.25, -0.5, 0]

    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()
    assert shown_z(instrument) == [0.5, 0.25, -0.5]
    frames(page)
    assert np.array_equal(instrument.image(), before)


def test_clicking_a_point_goes_to_its_image(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["umap"])
    page.mouse.click(*chart.spot(codes["umap"][7]))
    instrument.wait_for_z(*(round(float(value), 3) for value in codes["mean"][7]))
    assert instrument.query()["example"] == "7"
    page.mouse.move(5, 5)
    assert shown_z(instrument) == pytest.approx(codes["mean"][7, :3], abs=0.006)
    expect(page.locator(".nearest")).to_contain_text(
        "Among the data: the nearest, a 7, is 0.00 away;"
    )


def test_where_no_image_is_near_the_decoder_still_answers(
    instrument: Instrument, models: Path, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    pca = json.loads((models / "blots" / "card.json").read_text())["map"]["pca"]
    chart = open_map(instrument, codes["pca"], "&axes=pca")
    spot = chart.empty()
    page.mouse.move(*spot)
    expect(page.locator(".map-tip")).to_have_text(
        "No test image is near this point. The picture is on the plane of the two axes."
    )
    z = np.array(pca["mean"]) + chart.place(*spot) @ np.array(pca["axes"])
    assert shown_z(instrument) == pytest.approx(z[:3], abs=0.02)
    assert instrument.z() == [0, 0, 0, 0]

    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("!location.search.includes('z=0,0,0,0')")
    assert instrument.z() == pytest.approx(z, abs=0.02)
    assert np.abs(instrument.image() - decoded(models, np.array(instrument.z()))).max() <= 2


def test_neighbours_within_the_circle_are_counted(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["pca"], "&axes=pca")
    x, y = chart.spot(codes["pca"][3])
    # Beside the point, out of its reach, and with it inside the circle.
    page.mouse.move(x + 9, y)
    expect(page.locator(".map-tip")).to_have_text("1 neighbour within the circle")


def test_two_latents_are_a_plane_that_keeps_the_others(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    plane = codes["mean"][:, [2, 0]]
    chart = open_map(instrument, plane, "&axes=z2,z0&z=0.5,1.25,-0.5,2")
    spot = chart.empty()
    page.mouse.click(*spot)
    x, y = chart.place(*spot)
    page.wait_for_function("!location.search.includes('z=0.5,')")
    assert instrument.z() == pytest.approx([y, 1.25, x, 2], abs=0.02)


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """As the Web Content Accessibility Guidelines 2.2 define it."""

    def luminance(colour: Sequence[float]) -> float:
        part = np.array(colour) / 255
        linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_after_a_leap_the_map_shows_where_z_was(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    page.clock.install()
    chart = open_map(instrument, codes["pca"], "&axes=pca&z=0,0,0,0")
    page.clock.fast_forward(1700)  # the trail of what was before has faded
    page.evaluate(
        """() => {
          window.ghosts = [];
          new MutationObserver((all) => {
            for (const { target } of all) ghosts.push(target.getAttribute("d"));
          }).observe(document.querySelector(".map-trail"), {
            subtree: true, attributeFilter: ["d"] });
        }"""
    )
    pca = json.loads(page.request.get(f"{instrument.address}/checkpoints/blots/card.json").text())
    origin = -np.array(pca["map"]["pca"]["mean"]) @ np.array(pca["map"]["pca"]["axes"]).T
    instrument.value(0).fill("3")
    instrument.value(0).press("Enter")
    page.wait_for_function("ghosts.some((path) => path.endsWith('h0'))")
    first = page.evaluate("ghosts.find((path) => path.endsWith('h0'))")
    x, y = (float(part) for part in first[1:].removesuffix("h0").split("M")[0].split())
    assert (x, y) == pytest.approx(tuple(chart.spot(origin) - chart.corner), abs=1)


def test_a_name_makes_way_for_z(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    page.add_init_script(
        """const write = CanvasRenderingContext2D.prototype.fillText;
        window.written = {};
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
          if (this.canvas.classList.contains("map-still")) window.written[text] = [x, y];
          write.call(this, text, x, y);
        };"""
    )
    chart = open_map(instrument, codes["umap"])
    page.wait_for_function("written['7']")
    # The seventh image is the only one of its class: its name stands on it.
    x, y = page.evaluate("written['7']")
    ground = page.locator(".map-ground").bounding_box()
    assert ground is not None
    there = chart.spot(codes["umap"][7])
    assert (ground["x"] + x, ground["y"] + y) == pytest.approx(there, abs=1)

    query = "&z=" + ",".join(f"{value:.3f}" for value in codes["mean"][7])
    open_map(instrument, codes["umap"], query)
    # It is still there, so far above or below that the marker of z does not hide it.
    page.wait_for_function(
        "([x, y]) => written['7'] && written['7'][0] === x && Math.abs(written['7'][1] - y) === 20",
        arg=[x, y],
    )


def test_it_says_when_z_has_left_the_data(instrument: Instrument, page: Page) -> None:
    instrument.open("model=blots&z=5,-5,5,0")
    codes_far = page.locator(".nearest")
    expect(codes_far).to_contain_text(
        re.compile(r"Far from the data: the nearest, an? \d, is [\d.]+ away; 99")
    )
    expect(codes_far).to_contain_text("99 % of held-out images have a code within 1.50.")
    expect(page.locator(".norm .number")).to_have_text("8.66")
    expect(page.locator(".norm")).to_contain_text("‖z‖ 8.66 · unusually large")
    for scheme, paper in (("light", (252, 252, 251)), ("dark", (20, 23, 26))):
        page.emulate_media(color_scheme=scheme)
        parts = codes_far.evaluate("(it) => getComputedStyle(it).color").split()[1:4]
        assert contrast([255 * float(part.strip(")")) for part in parts], paper) > 4.5
    # For four latents: the 2.5 % and 97.5 % quantiles of the chi distribution.
    low, high = chi.ppf([0.025, 0.975], 4)
    expect(page.locator(".norm")).to_contain_text(f"have {low:.2f} to {high:.2f}")
