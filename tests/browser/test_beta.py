"""The page of the ladder in a real browser: what the dial shows, against what can be worked out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from training.contract.table import TABLE

from . import checkpoints, ladders
from .conftest import plain_server
from .instrument import READ_PIXELS, pixels

STEPS = np.linspace(-2, 2, 9)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, results: Path) -> Iterator[str]:
    """A server with the hand-made ladder."""
    models = tmp_path_factory.mktemp("ladder models")
    ladders.write(models, results)
    with plain_server(models, results) as address:
        yield address


class Ladder:
    """The page, in a person's terms."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def go(self, query: str = "table=ladder") -> None:
        self.page.goto(f"{self.address}/instrument/ladder/index.html?{query}")

    def open(self, query: str = "table=ladder") -> Ladder:
        self.go(query)
        self.page.wait_for_selector("[data-ready]")
        return self

    def wait_for(self, recipe: str, seed: int, step: int = 1000) -> None:
        """Until the rows that this model decodes are on screen."""
        self.page.wait_for_function(
            "(key) => performance.getEntriesByName('ladder:shown').at(-1)?.detail.key === key",
            arg=f"{recipe} {seed} {step}",
        )

    def wait_for_image(self, expected: NDArray[np.int64]) -> None:
        """Until the big image is that one, (H, W)."""
        self.page.wait_for_function(
            f"""(expected) => {{
              const shown = ({READ_PIXELS})(document.querySelector("canvas.decoded"));
              return expected.every((value, at) => Math.abs(shown[4 * at] - value) <= 2);
            }}""",
            arg=expected.ravel().tolist(),
        )

    def range(self, name: str) -> Locator:
        return self.page.locator(f".{name} .stop-range")

    def press(self, name: str, key: str) -> None:
        self.range(name).focus()
        self.page.keyboard.press(key)

    def query(self) -> dict[str, str]:
        query = parse_qs(urlsplit(self.page.url).query, strict_parsing=True)
        return {key: values[0] for key, values in query.items()}

    def z(self) -> list[float]:
        """By latent, as the rows have it."""
        rows = self.page.locator(".carrier[data-latent]")
        pairs = [
            (int(row.get_attribute("data-latent") or -1), float(row.locator("input").input_value()))
            for row in rows.all()
        ]
        return [value for _, value in sorted(pairs)]

    def order(self) -> list[int]:
        rows = self.page.locator(".carrier[data-latent]")
        return [int(row.get_attribute("data-latent") or -1) for row in rows.all()]

    def image(self) -> NDArray[np.int64]:
        return self.pixels(self.page.locator("canvas.decoded"))

    def row(self, at: int) -> NDArray[np.int64]:
        return self.pixels(self.page.locator(".carrier[data-latent] .film").nth(at))

    def sibling(self, seed: int) -> Locator:
        return self.page.locator(".sibling", has_text=f"seed {seed}")

    def pixels(self, canvas: Locator) -> NDArray[np.int64]:
        width, height = canvas.evaluate("(canvas) => [canvas.width, canvas.height]")
        return np.array(pixels(canvas), np.int64).reshape(height, width, 4)[:, :, 0]


@pytest.fixture
def ladder(page: Page, address: str) -> Ladder:
    return Ladder(page, address)


def decoded(recipe: str, seed: int, z: list[float]) -> NDArray[np.int64]:
    """The image of that run at z, (H, W), worked out by hand."""
    mean = checkpoints.decode(np.array([z], np.float32), ladders.pixels(recipe, seed))
    return (mean.reshape(ladders.SHAPE[1:]) * 255).round().astype(np.int64)


def close(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    return bool(np.abs(a - b).max() <= 2)


def test_it_opens_in_the_middle_with_the_image_encoded(ladder: Ladder) -> None:
    ladder.open()
    assert ladder.query() == {
        "table": "ladder",
        "recipe": "beta-4",
        "seed": "0",
        "image": "0",
    }
    original = ladder.pixels(ladder.page.locator("canvas.original"))
    assert np.ptp(original) > 50
    assert close(ladder.image(), original), "these models reconstruct all that they encode"


def test_rows_go_to_the_latents_that_tell_most_about_each_factor(ladder: Ladder) -> None:
    ladder.open()
    # β = 4, seed 0 makes the blots 1, 0, 2 and none; blot k tells about factor k.
    assert ladder.order() == [1, 0, 2, 3]
    names = ladder.page.locator(".carrier[data-latent] .carries")
    expect(names).to_have_text(["place80 %", "size80 %", "tilt80 %", "inactive"])
    z = ladder.z()
    for at, latent in enumerate(ladder.order()):
        strip = []
        for step in STEPS:
            moved = list(z)
            moved[latent] = float(step)
            strip.append(decoded("beta-4", 0, moved))
        assert close(ladder.row(at), np.concatenate(strip, axis=1)), latent


def test_another_seed_finds_other_axes_for_the_same_image(ladder: Ladder) -> None:
    ladder.open()
    before, z = ladder.image(), ladder.z()
    ladder.press("seed", "ArrowRight")
    ladder.wait_for("beta-4", 1)

    assert ladder.order() == [3, 1, 0, 2]
    expect(ladder.page.locator(".carrier[data-latent] .carries").first).to_have_text("place80 %")
    assert close(ladder.image(), before)
    assert ladder.z() != pytest.approx(z, abs=0.05)
    expect(ladder.sibling(1)).to_have_attribute("aria-pressed", "true")


def test_codes_that_are_kept_take_the_place_of_an_encoder(ladder: Ladder) -> None:
    """Each seed reconstructs image 5 from its own code; seed 1 has no encoder."""
    asked: list[str] = []
    ladder.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    ladder.open("table=ladder&recipe=beta-1&seed=1&image=5")
    original = ladder.pixels(ladder.page.locator("canvas.original"))
    assert np.ptp(original) > 50
    assert close(ladder.image(), original)
    assert any(path.endswith("/beta-1-s1/1000/codes.safetensors") for path in asked)
    assert not any(path.endswith("/beta-1-s1/1000/encoder.onnx") for path in asked)


def test_images_without_codes_are_not_offered(ladder: Ladder) -> None:
    ladder.open(f"table=ladder&image={ladders.IMAGES}")
    expect(ladder.page.locator(".note")).to_contain_text("its image does not exist here")
    expect(ladder.page.locator(".chooser-line")).to_contain_text("1 to 8 of 8")
    assert ladder.page.locator(".chooser-list .thumb").count() == ladders.IMAGES


def test_a_kept_z_means_another_image_to_another_seed(ladder: Ladder) -> None:
    ladder.open()
    ladder.page.get_by_role("button", name="Keep z").click()
    z = ladder.z()
    ladder.press("seed", "ArrowRight")
    ladder.wait_for("beta-4", 1)

    assert ladder.z() == z
    exact = [float(value) for value in ladder.query()["z"].split(",")]
    assert exact == pytest.approx(z, abs=0.011)
    assert close(ladder.image(), decoded("beta-4", 1, exact))
    assert not close(ladder.image(), decoded("beta-4", 0, exact))
    for seed in (0, 1):
        canvas = ladder.sibling(seed).locator("canvas")
        assert close(ladder.pixels(canvas), decoded("beta-4", seed, exact)), seed


def test_what_was_not_trained_is_not_drawn(ladder: Ladder) -> None:
    ladder.open()
    page = ladder.page
    expect(page.locator(".beta .mark")).to_have_text(["1", "4", "16"])
    expect(page.locator(".method")).to_have_text(["Another objective"])
    expect(page.locator(".seed .mark")).to_have_text(["0", "1"])
    for words in ("trained here", "not trained", "python"):
        expect(page.get_by_text(words)).to_have_count(0)
    ladder.press("beta", "Home")
    ladder.wait_for("beta-1", 0)
    expect(page.locator(".dial-name")).to_have_text("β = 1")
    expect(ladder.range("beta")).to_have_attribute(
        "aria-valuetext", "β\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}1, 2 seeds"
    )
    ladder.press("beta", "End")
    ladder.wait_for("beta-16", 0)
    expect(page.locator(".seed .stop-range")).to_be_hidden()


def test_both_ends_show_the_chosen_image_whatever_the_dial_says(ladder: Ladder) -> None:
    ladder.open("table=ladder&recipe=beta-4&seed=0&image=5")
    expect(ladder.page.locator(".end-name .link")).to_have_text(["β = 1", "β = 16"])
    original = ladder.pixels(ladder.page.locator("canvas.original"))
    for at, recipe in enumerate(("beta-1", "beta-16")):
        end = ladder.page.locator(".end").nth(at)
        blots = ladders.BLOTS[recipe, 0]
        z = checkpoints.codes(ladders.IMAGES, ladders.LATENTS)[5, list(blots)]
        z[blots.index(3)] = 0
        image = decoded(recipe, 0, z.tolist())
        ladder.page.wait_for_function(
            f"""([at, expected]) => {{
              const shown = ({READ_PIXELS})(document.querySelectorAll(".end .look")[at]);
              return expected.every((value, pixel) => Math.abs(shown[4 * pixel] - value) <= 2);
            }}""",
            arg=[at, image.ravel().tolist()],
        )
        assert close(image, original)
        expect(end.locator(".end-factor")).to_have_text(["place", "size", "tilt"])
        expect(end.locator(".end-row .hint")).to_have_text(["80 %"] * 3)
        for factor in range(3):
            strip = []
            for step in STEPS:
                moved = z.tolist()
                moved[blots.index(factor)] = float(step)
                strip.append(decoded(recipe, 0, moved))
            film = ladder.pixels(end.locator(".film").nth(factor))
            # z comes from an image of 256 grey levels.
            differences = np.abs(film - np.concatenate(strip, axis=1))
            assert differences.max() <= 6, (recipe, factor)

    ladder.page.locator(".end-name .link").last.click()
    ladder.wait_for("beta-16", 0)


def test_it_opens_on_the_image_of_which_a_large_beta_loses_most(ladder: Ladder) -> None:
    """Of β = 16 one latent is cut off: the image that lies farthest along it loses most."""
    cut = ladders.pixels("beta-16", 0).copy()
    cut[1] = 0  # what makes the blot 0
    body = checkpoints.decoder(cut, ladders.SHAPE)
    ladder.page.route("**/beta-16-s0/**/decoder.onnx", lambda route: route.fulfill(body=body))
    whole = checkpoints.weights(ladders.LATENTS, ladders.SHAPE, 1)
    z = checkpoints.codes(ladders.IMAGES, ladders.LATENTS)
    without = z * [0, 1, 1, 1]
    lost = checkpoints.decode(z, whole) - checkpoints.decode(without.astype(np.float32), whole)
    worst = int((lost**2).mean(1).argmax())
    assert worst != 0
    ladder.open()
    assert ladder.query()["image"] == str(worst)


def test_another_objective_comes_from_its_shipped_checkpoint(ladder: Ladder) -> None:
    asked: list[str] = []
    ladder.open()
    ladder.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    ladder.page.get_by_role("button", name="Another objective").click()
    ladder.wait_for("other", 2)
    assert f"/checkpoints/{ladders.EXAMPLES}/decoder.onnx" in asked
    expect(ladder.page.locator(".dial-name")).to_have_text("Another objective")


def test_dragging_along_a_row_moves_that_latent_and_asks_nobody(ladder: Ladder) -> None:
    ladder.open()
    # Of what is fetched ahead, the last.
    ladder.page.wait_for_function(
        """performance.getEntriesByType("resource").some(({ name }) =>
          name.endsWith("/beta-4-s0/500/decoder.onnx"))"""
    )
    z = ladder.z()
    box = ladder.page.locator(".carrier[data-latent] .range").first.bounding_box()
    assert box is not None
    asked: list[str] = []
    ladder.page.on("request", lambda request: asked.append(request.url))
    middle = box["y"] + box["height"] / 2
    ladder.page.mouse.move(box["x"] + box["width"] / 2, middle)
    ladder.page.mouse.down()
    ladder.page.mouse.move(box["x"] + box["width"] * 0.95, middle, steps=4)
    moved = ladder.z()
    ladder.wait_for_image(decoded("beta-4", 0, moved))
    # Every thumb shows the image as it is, whatever lies under it.
    ladder.page.wait_for_function(
        f"""() => {{
          const seen = (canvas) => ({READ_PIXELS})(canvas).join();
          const thumbs = [...document.querySelectorAll(".carrier[data-latent] .thumb-image")];
          const now = seen(document.querySelector("canvas.decoded"));
          return thumbs.length === 4 && thumbs.every((thumb) => seen(thumb) === now);
        }}"""
    )
    ladder.page.mouse.up()

    assert [at for at in range(4) if moved[at] != pytest.approx(z[at], abs=0.011)] == [1]
    assert moved[1] == pytest.approx(2, abs=0.2)
    assert asked == []


def test_the_training_is_replayed_moment_by_moment(ladder: Ladder) -> None:
    ladder.open()
    ladder.press("moment", "Home")
    ladder.wait_for("beta-4", 0, 0)
    assert np.ptp(ladder.image()) <= 1, "before training every image is the same grey"
    expect(ladder.page.locator(".carrier[data-latent] .carries").first).to_have_text("no factor")
    ladder.page.get_by_role("button", name="Replay the training").click()
    ladder.wait_for("beta-4", 0, 1000)
    expect(ladder.page.get_by_role("button", name="Replay the training")).to_be_visible()
    ladder.press("seed", "ArrowRight")
    ladder.wait_for("beta-4", 1)
    expect(ladder.page.get_by_role("button", name="Replay")).to_have_count(0)


def test_a_link_opens_to_what_it_was_made_of(ladder: Ladder) -> None:
    query = "table=ladder&recipe=beta-1&seed=1&image=7&z=0.5,-1.25,2,0"
    ladder.open(query)
    assert "&".join(f"{key}={value}" for key, value in ladder.query().items()) == query
    assert close(ladder.image(), decoded("beta-1", 1, [0.5, -1.25, 2, 0]))


def test_with_another_objective_chosen_the_first_rung_can_be_pressed(
    ladder: Ladder, results: Path
) -> None:
    text = (results / "ladder" / TABLE).read_text("utf-8")
    chosen = [("beta-1", 0), ("other", 2)]
    table = json.loads(text)
    runs = [run for run in table["runs"] if (run["recipe"], run["seed"]) in chosen]
    rows = [row for row in table["rows"] if row["recipe"] != "beta-0.5"]
    replaced(ladder, results, {"runs": runs, "rows": rows})
    ladder.open("table=ladder&recipe=other&seed=2")
    ladder.wait_for("other", 2)
    ladder.range("beta").click(position={"x": 11, "y": 13})
    ladder.wait_for("beta-1", 0)
    expect(ladder.range("beta")).to_be_disabled()
    ladder.page.get_by_role("button", name="Another objective").click()
    ladder.wait_for("other", 2)
    expect(ladder.range("beta")).to_be_enabled()


def test_a_link_with_too_few_values_of_z_opens_at_the_image(ladder: Ladder) -> None:
    ladder.open("table=ladder&recipe=beta-1&seed=1&z=0.5,1")
    expect(ladder.page.locator(".note")).to_contain_text(
        "its z does not have one value for each latent"
    )
    original = ladder.pixels(ladder.page.locator("canvas.original"))
    assert close(ladder.image(), original)


def test_a_wrong_link_says_so_and_opens_anyway(ladder: Ladder) -> None:
    ladder.open("table=ladder&recipe=beta-0.5&seed=x&image=900")
    expect(ladder.page.locator(".note")).to_contain_text("its row has no trained model")
    assert ladder.query()["recipe"] == "beta-4"


def test_without_a_table(ladder: Ladder) -> None:
    ladder.go("table=none")
    expect(ladder.page.locator(".blocked")).to_contain_text(
        "There is no table of results named none"
    )
    ladder.go("")
    expect(ladder.page.locator(".blocked")).to_contain_text(
        "There is no ladder of trained models yet"
    )


def replaced(ladder: Ladder, results: Path, change: dict[str, Any]) -> None:
    text = json.dumps(json.loads((results / "ladder" / TABLE).read_text("utf-8")) | change)
    ladder.page.route("**/table.json", lambda route: route.fulfill(body=text))


def test_with_an_empty_table(ladder: Ladder, results: Path) -> None:
    replaced(ladder, results, {"runs": []})
    ladder.go()
    expect(ladder.page.locator(".blocked")).to_contain_text(
        "“⁨A ladder by hand⁩” has no trained models yet"
    )


def test_with_one_run_only(ladder: Ladder, results: Path) -> None:
    runs = json.loads((results / "ladder" / TABLE).read_text("utf-8"))["runs"]
    one = [run for run in runs if (run["recipe"], run["seed"]) == ("beta-1", 1)]
    replaced(ladder, results, {"runs": one})
    ladder.open()
    expect(ladder.range("beta")).to_be_disabled()
    expect(ladder.range("seed")).to_be_disabled()
    ladder.wait_for("beta-1", 1)


def test_with_a_broken_model(ladder: Ladder) -> None:
    ladder.page.route("**/beta-4-s1/**/decoder.onnx", lambda route: route.fulfill(body=b"no model"))
    ladder.open()
    ladder.press("seed", "ArrowRight")
    trouble = ladder.page.locator(".trouble")
    expect(trouble).to_contain_text("beta-4-s1/1000/decoder.onnx has 8 bytes where its table says")
    expect(ladder.page.locator(".score").first).to_have_text("0.45")
    ladder.press("seed", "ArrowLeft")
    ladder.wait_for("beta-4", 0)
    expect(trouble).to_be_hidden()


def test_without_the_images_the_numbers_stay(ladder: Ladder) -> None:
    ladder.page.route("**/thumbnails.webp", lambda route: route.fulfill(status=404))
    ladder.go()
    expect(ladder.page.locator(".trouble")).to_contain_text("The chosen image could not be read")
    expect(ladder.page.locator(".score").first).to_have_text("0.40")


def test_the_numbers_are_those_of_the_table(ladder: Ladder) -> None:
    ladder.open()
    assert ladder.page.locator(".score").all_text_contents() == ["0.40"]
    expect(ladder.page.locator(".figures")).to_contain_text("rate 7.5 nats")
    expect(ladder.page.locator(".figures")).to_contain_text("−ELBO 32.5 nats")
    strip = ladder.page.locator(".score-strip .dot")
    assert strip.count() == len(ladders.BLOTS)
    cells = ladder.page.locator(".carrier[data-latent]").first.locator(".cell-of")
    assert cells.all_text_contents() == ["80", "10", "10"]
    ladder.page.get_by_role("button", name="MIG").click()
    bubble = ladder.page.locator(".bubble", has_text=ladders.HOW)
    expect(bubble).to_contain_text("A perfect model would get 0.90.")
    expect(ladder.page.locator(".score-strip .ceiling title")).to_have_text(
        f"A perfect model would get {ladders.PERFECT:.2f}."
    )


def test_undo_goes_back_to_the_model_and_to_where_z_was(ladder: Ladder) -> None:
    ladder.open()
    ladder.press("seed", "ArrowRight")
    ladder.wait_for("beta-4", 1)
    before = ladder.z()
    slider = ladder.page.locator(".carrier[data-latent] .range").first
    slider.focus()
    ladder.page.keyboard.press("End")
    moved = ladder.z()
    assert moved != before
    ladder.page.keyboard.press("Control+z")
    assert ladder.z() == before
    ladder.page.keyboard.press("Control+z")
    ladder.wait_for("beta-4", 0)
    assert ladder.query()["seed"] == "0"
    ladder.page.keyboard.press("Control+Shift+z")
    ladder.wait_for("beta-4", 1)
    ladder.page.keyboard.press("Control+y")
    ladder.wait_for_image(decoded("beta-4", 1, moved))
