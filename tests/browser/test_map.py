"""The map: what lies where, and what hands do to it."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect
from safetensors.numpy import load_file
from scipy.stats import chi

from training.contract.files import as_json, read_card

from . import checkpoints
from .instrument import Instrument, frames
from .modules import call

Floats = NDArray[np.float32]
SHAPE = (1, 12, 8)

# The style of the page: how much of the stage is left empty around the points.
ROOM = 0.88


class Chart:
    """The map on a page, addressed by coordinates of its plane."""

    def __init__(self, page: Page, points: Floats) -> None:
        self.page = page
        self.points = points
        box = page.locator(".map-stage").bounding_box()
        assert box is not None
        low, high = points.min(0), points.max(0)
        sides = np.array([box["width"], box["height"]])
        self.scale = float((ROOM * sides / (high - low)).min())
        self.middle = (low + high) / 2
        self.corner = np.array([box["x"], box["y"]])
        self.sides = sides

    def spot(self, place: Floats) -> tuple[float, float]:
        """Where on the page a place of the plane is, before anything was panned or zoomed."""
        x, y = self.corner + self.sides / 2 + (place - self.middle) * [self.scale, -self.scale]
        return float(x), float(y)

    def place(self, x: float, y: float) -> Floats:
        """The place of the plane at a spot of the page."""
        off = np.array([x, y]) - self.corner - self.sides / 2
        return np.asarray(self.middle + off / [self.scale, -self.scale], np.float32)

    def hover(self, index: int) -> None:
        self.page.mouse.move(*self.spot(self.points[index]))

    def empty(self) -> tuple[float, float]:
        """A spot of the page that is far from every point."""
        spots = [
            (float(self.corner[0] + self.sides[0] * a), float(self.corner[1] + self.sides[1] * b))
            for a in np.linspace(0.1, 0.9, 17)
            for b in np.linspace(0.1, 0.9, 17)
        ]
        there = np.array([self.spot(point) for point in self.points])
        far = [np.hypot(*(there - spot).T).min() for spot in spots]
        return spots[int(np.argmax(far))]


@pytest.fixture
def instrument(page: Page, address: str) -> Instrument:
    return Instrument(page, address)


@pytest.fixture
def codes(models: Path) -> dict[str, NDArray[Any]]:
    return load_file(models / "blots" / "codes.safetensors")


def open_map(instrument: Instrument, points: Floats, query: str = "") -> Chart:
    instrument.open(f"model=blots{query}")
    instrument.page.wait_for_selector(".map-tools:not([inert])")
    # With all test images the page is higher than the window, and its scroll bar narrows the map.
    instrument.page.wait_for_selector(".thumb")
    frames(instrument.page)
    return Chart(instrument.page, points)


def shown_z(instrument: Instrument) -> list[float]:
    """z as the sliders have it, rounded as their fields are."""
    texts = [instrument.value(latent).input_value() for latent in range(3)]
    return [float(text.replace("−", "-")) for text in texts]


def decoded(models: Path, z: Floats) -> NDArray[np.int64]:
    session = onnxruntime.InferenceSession(models / "blots" / "decoder.onnx")
    mean = session.run(["mean"], {"z": z[None].astype(np.float32)})[0][0]
    picture = (np.broadcast_to(mean, (3, *mean.shape[1:])) * 255).round().transpose(1, 2, 0)
    return np.asarray(picture, np.int64)


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
    expect(page.locator(".map-key")).to_be_visible()
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


def test_a_glance_shows_the_image_and_leaves_z_alone(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    """What the browser tells of a move before the frame has it, unless something is dragged."""
    chart = open_map(instrument, codes["umap"], "&z=0.5,0.25,-0.5,0")
    tip = page.locator(".map-tip")

    def glance(index: int, buttons: int) -> None:
        x, y = chart.spot(chart.points[index])
        page.locator(".map-stage").evaluate(
            "(stage, at) => stage.dispatchEvent(new PointerEvent('pointerrawupdate', at))",
            {"clientX": x, "clientY": y, "pointerType": "mouse", "buttons": buttons},
        )

    glance(4, buttons=1)
    expect(tip).to_be_hidden()
    glance(5, buttons=0)
    expect(tip).to_contain_text("test image 5")
    assert shown_z(instrument) == [0.5, 0.25, -0.5]


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
        re.compile(r"Off the data: the nearest, an? \d, is [\d.]+ away; 99")
    )
    expect(codes_far).to_contain_text("99 % of held-out images have one within 1.50.")
    expect(page.locator(".norm .number")).to_have_text("8.66")
    expect(page.locator(".norm")).to_contain_text("‖z‖ 8.66 outside the prior's shell")
    for scheme, paper in (("light", (252, 252, 251)), ("dark", (20, 23, 26))):
        page.emulate_media(color_scheme=scheme)
        parts = codes_far.evaluate("(it) => getComputedStyle(it).color").split()[1:4]
        assert contrast([255 * float(part.strip(")")) for part in parts], paper) > 4.5
    # For four latents: the 2.5 % and 97.5 % quantiles of the chi distribution.
    low, high = chi.ppf([0.025, 0.975], 4)
    expect(page.locator(".norm")).to_contain_text(f"between {low:.2f} and {high:.2f}")


def test_how_faithful_the_map_is_stands_below_it(instrument: Instrument, page: Page) -> None:
    instrument.open("model=blots")
    page.get_by_role("button", name="trustworthiness 0.970").click()
    expect(page.locator(".faith .bubble").first).to_have_text(
        "Made by hand for a test. Measured on the test split, 12 images, seed 0."
    )
    expect(page.locator(".faith")).to_contain_text("placement error 0.8 %")
    page.locator(".map-tools select").first.select_option("pca")
    expect(page.locator(".faith")).to_contain_text("explains 60 + 30 %")


def colour_at(page: Page, spot: tuple[float, float]) -> NDArray[np.int64]:
    clip = {"x": round(spot[0]) - 1, "y": round(spot[1]) - 1, "width": 2, "height": 2}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip)))
    return np.asarray(picture.convert("RGB"), np.int64).reshape(-1, 3).mean(0).astype(np.int64)


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
    four.focus()
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


def test_what_lies_under_the_pointer_stays_there(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["umap"])
    tip = page.locator(".map-tip")
    x, y = chart.spot(codes["umap"][6])
    page.mouse.move(x, y)
    expect(tip).to_contain_text("test image 6")
    for delta in (-400, -400, 200):
        page.mouse.wheel(0, delta)
    page.mouse.move(x + 1, y)
    page.mouse.move(x, y)
    expect(tip).to_contain_text("test image 6")

    page.mouse.down()
    page.mouse.move(x + 40, y - 25, steps=4)
    page.mouse.up()
    expect(tip).to_contain_text("test image 6")
    assert instrument.z() == [0, 0, 0, 0]
    page.get_by_role("button", name="Whole map").click()
    chart.hover(2)
    expect(tip).to_contain_text("test image 2")


def test_the_wheel_scrolls_the_page_past_a_whole_map(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["pca"], "&axes=pca")
    page.evaluate(
        """() => {
          // The instrument may fit the window: here there is something to scroll to.
          document.body.style.paddingBottom = "100vh";
          window.captured = [];
          addEventListener("wheel", (event) => captured.push(event.defaultPrevented));
          window.rested = false;
          addEventListener("scrollend", () => (window.rested = true));
        }"""
    )
    # In by one step, out by more than that, and once more: only then the page has its turn.
    page.mouse.move(*(chart.corner + chart.sides * 0.7))
    for count, delta in enumerate((-200, 300, 300), 1):
        page.mouse.wheel(0, delta)
        page.wait_for_function("(count) => captured.length === count", arg=count)
    assert page.evaluate("captured") == [True, True, False]
    page.wait_for_function("rested")
    # The map is whole again, and in its middle.
    Chart(page, codes["pca"]).hover(4)
    expect(page.locator(".map-tip")).to_contain_text("test image 4")


def test_the_map_by_keyboard_alone(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["pca"], "&axes=pca")
    page.keyboard.press("?")
    expect(page.locator(".help[open]")).to_contain_text("On the map← → ↑ ↓pan+ −zoom in or out")
    page.keyboard.press("Escape")
    stage = page.locator(".map-stage")
    stage.focus()
    described = page.locator(f"#{stage.get_attribute('aria-describedby')}")
    expect(described).to_contain_text("PCA of 12 test images; z is placed among them. z lies at")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    assert instrument.z() == [0, 0, 0, 0]
    page.keyboard.press("Enter")
    page.wait_for_function("!location.search.includes('z=0,0,0,0')")
    card = json.loads(page.request.get(f"{instrument.address}/checkpoints/blots/card.json").text())
    pca = card["map"]["pca"]
    reached = (np.array(instrument.z()) - pca["mean"]) @ np.array(pca["axes"]).T
    near = np.linalg.norm(codes["pca"] - chart.middle, axis=1).min() * chart.scale
    assert reached == pytest.approx(chart.middle, abs=0.01 if near > 8 else 8 / chart.scale)


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
    expect(page.locator(".nearest")).to_contain_text("Off the data")
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


def test_the_server_hears_nothing_while_the_pointer_moves(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["umap"])
    instrument.wait_for_all([0, 0, 0, 0])
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    chart.hover(0)
    expect(page.locator(".map-tip")).to_be_visible()
    page.on("request", note)
    for index in (1, 2, 3):
        chart.hover(index)
    page.mouse.move(*chart.empty())
    page.mouse.move(5, 5)
    frames(page)
    # Requests are told in the order in which they are made: after this one none is on its way.
    last = f"{instrument.address}/catalogue.json"
    page.evaluate("async (last) => (await fetch(last)).text()", last)

    assert asked == [last]
    assert instrument.z() == [0, 0, 0, 0]


def test_a_pointer_that_rests_on_the_map_does_not_hold_a_latent_that_plays(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["umap"])
    chart.hover(2)
    expect(page.locator(".map-tip")).to_be_visible()
    page.keyboard.press("p")
    first = instrument.value(1).input_value()
    page.wait_for_function(
        "(first) => document.querySelector(\".sliders [data-latent='1'] .value\").value !== first",
        arg=first,
    )
    page.keyboard.press("p")
    stopped = instrument.z()
    page.mouse.move(5, 5)
    assert shown_z(instrument) == pytest.approx(stopped[:3], abs=0.006)


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
          const heard = (name) =>
            new Promise((resolve) => canvas.addEventListener(name, resolve, { once: true }));
          let told = heard("webglcontextlost");
          card.loseContext();
          await told;
          told = heard("webglcontextrestored");
          // Not before the event of the loss is over.
          await new Promise(requestAnimationFrame);
          card.restoreContext();
          await told;
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


def test_fingers_move_the_map_and_a_tap_goes_there(
    browser: Browser, address: str, codes: dict[str, NDArray[Any]]
) -> None:
    context = browser.new_context(
        bypass_csp=True, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    instrument = Instrument(page, address)
    instrument.open("model=blots&axes=pca")
    page.wait_for_selector(".map-tools:not([inert])")
    page.locator(".map-stage").evaluate("(stage) => stage.scrollIntoView({ block: 'end' })")
    frames(page)
    chart = Chart(page, codes["pca"])
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    # Past the whole map one finger scrolls the page.
    stage = page.locator(".map-stage")
    expect(stage).to_have_css("touch-action", "pan-y")
    central = int(np.linalg.norm(codes["pca"] - chart.middle, axis=1).argmin())
    x, y = chart.spot(codes["pca"][central])
    # Two fingers that part evenly on either side of it leave it where it is.
    touch("touchStart", (x - 10, y), (x + 10, y))
    for step in (14, 20, 30):
        touch("touchMove", (x - step, y), (x + step, y))
    touch("touchEnd")
    expect(stage).to_have_css("touch-action", "none")
    touch("touchStart", (x, y))
    touch("touchMove", (x + 30, y + 20))
    touch("touchEnd")
    assert instrument.z() == [0, 0, 0, 0]
    x, y = x + 30, y + 20
    page.touchscreen.tap(x, y)
    instrument.wait_for_z(*(round(float(value), 3) for value in codes["mean"][central]))
    context.close()
