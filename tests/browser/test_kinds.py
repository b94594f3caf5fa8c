"""Labels, grids of codes and words on the real page, against answers that can be worked out."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, expect

from . import checkpoints, kinds
from .conftest import plain_server
from .instrument import Instrument, frames

LEVELS = (-2.0, -0.5, 0.0, 1.5)
CELLS = kinds.GRID[0] * kinds.GRID[1]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a checkpoint of each kind."""
    models = tmp_path_factory.mktemp("kinds")
    kinds.write(models)
    checkpoints.write_points(models / "levels", levels=LEVELS)
    with plain_server(models, models / "no results") as address:
        yield address


def grey(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """(1, H, W) in [0, 1] as the grey values of a canvas, (H, W)."""
    return (image[0] * 255).round()


def wait_for_query(instrument: Instrument, name: str, value: str) -> None:
    instrument.page.wait_for_function(
        "([name, value]) => new URLSearchParams(location.search).get(name) === value",
        arg=[name, value],
    )


def wait_for_word(instrument: Instrument, word: str) -> None:
    expect(instrument.page.locator(".written")).to_have_attribute("data-word", word)


# Numbers that take few values


def test_a_slider_snaps_to_the_levels_of_its_number(instrument: Instrument) -> None:
    instrument.open("model=levels&z=0,0,0,0")
    page, row = instrument.page, instrument.page.locator("[data-latent='0']")
    pixels = checkpoints.weights(4, (1, 12, 8), 1)

    def expect_level(value: float, shown: str) -> None:
        z = np.array([[value, 0, 0, 0]], np.float32)
        image = checkpoints.decode(z, pixels).reshape(12, 8)
        instrument.wait_for_pixels(page.locator("canvas.picture"), (image * 255).round())
        expect(row.locator(".value")).to_have_value(shown)

    row.locator(".range").focus()
    page.keyboard.press("ArrowRight")
    expect_level(1.5, "1.50")
    row.locator(".value").fill("-1.1")
    page.keyboard.press("Enter")
    expect_level(-0.5, "−0.50")
    assert row.locator(".range").input_value() == "1"
    expect(row.locator(".film")).to_have_attribute("width", str(4 * 8))


# Labels


def label(instrument: Instrument, name: str) -> Locator:
    return instrument.page.get_by_role("radio", name=name, exact=True)


def assert_decodes(instrument: Instrument, z: list[float], place: int) -> None:
    image = kinds.striped(np.array(z, np.float32), place)
    instrument.wait_for_pixels(instrument.page.locator("canvas.picture"), grey(image))


def test_a_label_changes_the_image_and_its_link_opens_there(instrument: Instrument) -> None:
    instrument.open("model=stripes&z=1.5,-1")
    assert_decodes(instrument, [1.5, -1], 0)
    label(instrument, "T-shirt, top").click()
    assert_decodes(instrument, [1.5, -1], 3)
    wait_for_query(instrument, "label", "T-shirt, top")
    instrument.go(instrument.page.url.split("?")[1])
    assert_decodes(instrument, [1.5, -1], 3)
    expect(label(instrument, "T-shirt, top")).to_be_checked()


def test_every_label_shows_what_is_seen_with_it(instrument: Instrument) -> None:
    instrument.open("model=stripes&z=1.5,-1&label=left")
    for z in ([1.5, -1], [0, 2]):
        if z[0] == 0:
            instrument.value(0).fill("0")
            instrument.value(0).press("Enter")
            instrument.value(1).fill("2")
            instrument.value(1).press("Enter")
        for place, name in enumerate(kinds.LABELS):
            image = kinds.striped(np.array(z, np.float32), place)
            instrument.wait_for_pixels(label(instrument, name).locator("canvas"), grey(image))


def test_labels_go_by_the_keyboard_and_are_undone(instrument: Instrument) -> None:
    page = instrument.open("model=stripes&z=0,0").page
    label(instrument, "none").focus()
    page.keyboard.press("ArrowRight")
    expect(label(instrument, "left")).to_be_focused()
    expect(label(instrument, "left")).to_be_checked()
    assert_decodes(instrument, [0, 0], 1)
    page.keyboard.press("ArrowRight")
    assert_decodes(instrument, [0, 0], 2)
    page.keyboard.press("Control+z")
    assert_decodes(instrument, [0, 0], 1)
    # One stop of the Tab key, whichever it is.
    assert page.locator(".label-choice[tabindex='0']").count() == 1


def test_a_label_that_is_not_there_is_refused(instrument: Instrument) -> None:
    page = instrument.open("model=stripes&label=up").page
    expect(page.locator(".note")).to_contain_text("its label “up” is not one of none, left, right")
    expect(label(instrument, "none")).to_be_checked()


# An image of which a part is seen


def part(instrument: Instrument, name: str) -> Locator:
    return instrument.page.get_by_role("button", name=name, exact=True)


def test_a_part_that_is_hidden_is_completed_in_several_ways(instrument: Instrument) -> None:
    page = instrument.open("model=halves&z=0,0").page
    noise = np.random.default_rng(0).integers(256, size=kinds.STRIPES_SHAPE[1:], dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    instrument.start_from("upload")
    page.locator("#start-upload input[type=file]").set_input_files(
        {"name": "noise.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    picture, pixels = page.locator("canvas.picture"), (noise / 255).astype(np.float32)[None]
    seen = np.zeros(kinds.STRIPES_SHAPE, bool)
    seen[..., :4] = True
    z = np.array(kinds.HALVES_Z, np.float32)
    instrument.wait_for_pixels(picture, grey(kinds.completed(z, pixels, seen)))
    part(instrument, "Left half").click()
    instrument.wait_for_pixels(picture, grey(kinds.completed(z, pixels, ~seen)))
    wait_for_query(instrument, "condition", "right")
    part(instrument, "All").click()
    expect(page.locator(".hiding")).to_contain_text("Everything is hidden")
    instrument.wait_for_pixels(picture, grey(kinds.completed(z, pixels, seen & ~seen)))
    # The brush reveals the first row again.
    part(instrument, "Show").click()
    canvas = page.locator(".hiding-image")
    canvas.hover(position={"x": 2, "y": 2})
    page.mouse.down()
    canvas.hover(position={"x": 130, "y": 2})
    page.mouse.up()
    wait_for_query(instrument, "condition", "ff" + "0" * 22)
    first = np.zeros_like(seen)
    first[:, 0] = True
    instrument.wait_for_pixels(picture, grey(kinds.completed(z, pixels, first)))
    # Each of the completions is that of another z, and a press goes there.
    part(instrument, "Completion 3 of 8: go there").click()
    page.wait_for_function("() => !location.search.includes('z=1,-1')")
    moved = [float(value) for value in instrument.query()["z"].split(",")]
    assert moved != list(kinds.HALVES_Z)
    image = kinds.completed(np.array(moved, np.float32), pixels, first)
    instrument.wait_for_pixels(picture, grey(image))


# Grids of codes


def cell(instrument: Instrument, row: int, column: int) -> Locator:
    return instrument.page.locator(".code-cell").nth(row * kinds.GRID[1] + column)


def swatch(instrument: Instrument, code: int) -> Locator:
    return instrument.page.get_by_role("radio", name=f"Code {code}", exact=True)


def assert_blocks(instrument: Instrument, codes: NDArray[np.int64]) -> None:
    image = grey(kinds.blocky(codes))
    instrument.wait_for_pixels(instrument.page.locator("canvas.picture"), image)


def test_a_stroke_paints_codes_and_is_undone_as_one(instrument: Instrument) -> None:
    page = instrument.open("model=blocks").page
    assert_blocks(instrument, np.zeros(kinds.GRID, np.int64))
    swatch(instrument, 4).click()
    boxes = [cell(instrument, 1, column).bounding_box() for column in (0, 3)]
    (left, right) = [box for box in boxes if box is not None]
    page.mouse.move(left["x"] + 5, left["y"] + 5)
    page.mouse.down()
    painted = np.zeros(kinds.GRID, np.int64)
    painted[1, 0] = 4
    assert_blocks(instrument, painted)
    # A pointer that leaps leaves no cell out.
    page.mouse.move(right["x"] + 5, right["y"] + 5)
    painted[1] = 4
    assert_blocks(instrument, painted)
    page.mouse.up()
    wait_for_query(instrument, "codes", ",".join(map(str, painted.ravel())))
    page.keyboard.press("Control+z")
    assert_blocks(instrument, np.zeros(kinds.GRID, np.int64))


def test_the_codebook_shows_what_each_code_decodes_to(instrument: Instrument) -> None:
    instrument.open("model=blocks")
    for code in range(kinds.CODES):
        alone = kinds.blocky(np.full(kinds.GRID, code))
        instrument.wait_for_pixels(swatch(instrument, code).locator("canvas"), grey(alone))


def test_a_code_is_picked_from_the_grid(instrument: Instrument) -> None:
    codes = np.arange(CELLS).reshape(kinds.GRID) % kinds.CODES
    page = instrument.open(f"model=blocks&codes={','.join(map(str, codes.ravel()))}").page
    assert_blocks(instrument, codes)
    cell(instrument, 0, 3).click(button="right")
    expect(swatch(instrument, 3)).to_be_checked()
    page.get_by_role("button", name="Pick from the grid").click()
    cell(instrument, 1, 1).click()
    expect(swatch(instrument, 5)).to_be_checked()
    # Picking painted nothing, and is over after one.
    assert_blocks(instrument, codes)
    cell(instrument, 2, 0).click()
    codes[2, 0] = 5
    assert_blocks(instrument, codes)


def test_the_grid_is_painted_by_the_keyboard(instrument: Instrument) -> None:
    page = instrument.open("model=blocks").page
    swatch(instrument, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(swatch(instrument, 2)).to_be_checked()
    cell(instrument, 0, 0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    codes = np.zeros(kinds.GRID, np.int64)
    codes[1, 1] = 2
    assert_blocks(instrument, codes)
    expect(cell(instrument, 1, 1)).to_have_attribute("aria-label", "Row 2, column 2: code 2")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("i")
    expect(swatch(instrument, 0)).to_be_checked()
    page.get_by_role("button", name="Fill the grid").click()
    assert_blocks(instrument, np.zeros(kinds.GRID, np.int64))


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        (",".join(["6"] * CELLS), "codes has a code “6”, and the codebook has 0 to 5"),
        ("1,2,3", "codes has 3 codes where the grid has 3 × 4 cells"),
    ],
)
def test_codes_that_are_not_there_are_refused(
    instrument: Instrument, codes: str, reason: str
) -> None:
    page = instrument.open(f"model=blocks&codes={codes}").page
    expect(page.locator(".note")).to_contain_text(reason)
    assert_blocks(instrument, np.zeros(kinds.GRID, np.int64))


def test_the_codebook_says_what_was_measured_and_nothing_else(instrument: Instrument) -> None:
    page = instrument.open("model=blocks").page
    facts = page.locator(".codebook")
    expect(facts).to_contain_text("5 of 6 used")
    expect(facts).to_contain_text("Perplexity4.2 of 6")
    expect(facts).to_contain_text("31 bits")
    instrument.open("model=rows")
    assert page.locator(".codebook").count() == 0


# Grids that are drawn


def wait_for_a_drawn_grid(instrument: Instrument) -> None:
    """Until the address has its codes; before, it has code 0 in every cell."""
    instrument.page.wait_for_function(
        "/[1-9]/.test(new URLSearchParams(location.search).get('codes'))"
    )


def test_a_model_without_examples_opens_with_an_image_that_it_draws(
    instrument: Instrument,
) -> None:
    instrument.open("model=rows")
    wait_for_a_drawn_grid(instrument)
    codes = np.array(instrument.query()["codes"].split(","), np.int64).reshape(kinds.GRID)
    assert_blocks(instrument, codes)


def test_a_link_to_a_grid_is_not_drawn_over(instrument: Instrument) -> None:
    linked = np.full(kinds.GRID, 2)
    page = instrument.open(f"model=rows&codes={','.join(map(str, linked.ravel()))}").page
    page.locator(".code-grid[data-furnished]").wait_for()
    frames(page, 30)
    assert_blocks(instrument, linked)


def test_the_likeliest_codes_are_those_of_the_step_graph(instrument: Instrument) -> None:
    page = instrument.open("model=rows").page
    page.get_by_role("button", name="Likeliest codes").click()
    tokens = [0]
    for _ in range(CELLS):
        tokens.append(int(kinds.CLIMB[tokens[-1]].argmax()))
    assert_blocks(instrument, np.array(tokens[1:]).reshape(kinds.GRID))
    wait_for_query(instrument, "codes", ",".join(map(str, tokens[1:])))


def test_images_are_drawn_again_and_a_half_is_kept(instrument: Instrument) -> None:
    page = instrument.open("model=rows").page
    wait_for_a_drawn_grid(instrument)
    seen = {instrument.query()["codes"]}
    for _ in range(2):
        page.get_by_role("button", name="Draw an image").click()
        expect(page.locator(".samples-cost")).to_contain_text(f"{CELLS} of {CELLS} codes")
        page.wait_for_function(
            "(seen) => !seen.includes(new URLSearchParams(location.search).get('codes') ?? '')",
            arg=[*seen, "", ",".join("0" * CELLS)],
        )
        seen.add(instrument.query()["codes"])
    assert len(seen) == 3
    before = instrument.query()["codes"].split(",")
    page.get_by_role("button", name="Keep the top half").click()
    page.wait_for_function(
        "(before) => new URLSearchParams(location.search).get('codes') !== before",
        arg=",".join(before),
    )
    row = kinds.GRID[1]
    assert instrument.query()["codes"].split(",")[:row] == before[:row]


def test_a_model_without_a_latent_says_why_nothing_can_be_dragged(instrument: Instrument) -> None:
    page = instrument.open("model=rows").page
    expect(page.locator(".samples")).to_contain_text("there is no slider to drag")
    assert page.locator(".sliders").count() == 0
    instrument.open("model=blocks")
    expect(page.locator(".samples")).not_to_contain_text("there is no slider to drag")


# Words


def test_a_word_is_not_given_to_a_model_of_images(instrument: Instrument) -> None:
    page = instrument.open("compare=letters,levels").page
    expect(page.locator(".compared-note")).to_contain_text("cannot encode the word")
    expect(page.get_by_text("These models do not share an image.")).to_be_visible()


def test_a_model_without_a_latent_draws_words_and_says_what_each_costs(
    instrument: Instrument,
) -> None:
    page = instrument.open("model=pairs").page
    wait_for_word(instrument, "bed")
    panel = page.get_by_role("region", name="Draw words")
    expect(panel).to_contain_text("has no latent, so there is no slider to drag")
    expect(page.get_by_label("Type a word")).to_have_count(0)
    words = panel.get_by_role("listitem")
    expect(words).to_have_count(12)
    assert {*words.all_inner_texts()} == {"bed\n0.3 nats", "bad\n1.4 nats"}, "−ln ¾ and −ln ¼"
    panel.get_by_label("Temperature of drawing").fill("0.1")
    expect(panel.get_by_text("bad")).to_have_count(0)
    expect(words).to_have_text(["bed0.3 nats"] * 12)


def test_beside_a_model_that_reads_words_it_says_that_it_cannot(instrument: Instrument) -> None:
    page = instrument.open("compare=letters,pairs").page
    expect(page.locator(".compared-note")).to_have_text(
        "This model has no encoder, so it cannot encode the word of the others."
    )


def test_a_slider_changes_the_word(instrument: Instrument) -> None:
    instrument.open("model=letters&z=2,5,4,0,0")
    wait_for_word(instrument, "bed")
    instrument.value(0).fill("1")
    instrument.value(0).press("Enter")
    wait_for_word(instrument, "aed")


def test_a_typed_word_moves_the_sliders_and_its_link_opens_there(instrument: Instrument) -> None:
    page = instrument.open("model=letters").page
    page.evaluate(
        """() => {
          window.traced = [];
          document.addEventListener("probes", ({ detail }) => {
            if ("letters_back" in detail) traced.push(detail.letters_back);
          }, true);
        }"""
    )
    field = page.get_by_label("Type a word")
    field.fill("Bad")
    wait_for_word(instrument, "bad")
    field.press("Enter")
    instrument.wait_for_z(2, 1, 4, 0, 0)
    wait_for_query(instrument, "word", "bad")
    page.wait_for_function("traced.at(-1) === 100")
    # z is moved away from the word, and both stay what they are.
    instrument.value(0).fill("3")
    instrument.value(0).press("Enter")
    wait_for_word(instrument, "cad")
    # So what stands there is no longer what came back of the word.
    page.wait_for_function("traced.at(-1) === null")
    page.get_by_role("button", name="Drawn").click()
    page.get_by_role("button", name="Draw again").click()
    wait_for_query(instrument, "seed", "2")
    instrument.go(page.url.split("?")[1])
    instrument.wait_for_z(3, 1, 4, 0, 0)
    expect(field).to_have_value("bad")
    expect(page.get_by_role("button", name="Drawn")).to_have_attribute("aria-pressed", "true")
    assert instrument.query()["seed"] == "2"
    # The link of a word alone leads to its place.
    instrument.go("model=letters&word=bad")
    instrument.wait_for_z(2, 1, 4, 0, 0)
    wait_for_word(instrument, "bad")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("bez", "“z” is not in the model's alphabet, a to e"),
        ("", "The word is empty"),
        ("abcdea", "The word has 6 letters, and the model reads at most 5"),
    ],
)
def test_a_word_that_cannot_be_read_is_refused_and_nothing_is_lost(
    instrument: Instrument, typed: str, reason: str
) -> None:
    page = instrument.open("model=letters").page
    field = page.get_by_label("Type a word")
    field.fill("be")
    wait_for_word(instrument, "be")
    field.fill(typed)
    expect(page.locator(".word-control .refusal")).to_contain_text(reason)
    expect(field).to_have_value(typed)
    wait_for_word(instrument, "be")
    field.fill("bed")
    wait_for_word(instrument, "bed")
    expect(page.locator(".word-control .refusal")).to_be_hidden()


def test_a_linked_word_that_cannot_be_read_is_refused(instrument: Instrument) -> None:
    page = instrument.open("model=letters&word=x").page
    expect(page.locator(".note")).to_contain_text("“x” is not in the model's alphabet, a to e")


def test_a_letter_tells_what_else_could_have_stood_there(instrument: Instrument) -> None:
    page = instrument.open("model=letters&z=2,5,4,0,0").page
    wait_for_word(instrument, "bed")
    page.get_by_role("button", name="Letter 2: e").click()
    weights = np.exp(-2 * (np.arange(6) - 5.0) ** 2)
    shown = page.locator(".bar-chosen")
    expect(shown.locator(".bar-name")).to_have_text("e")
    expect(shown.locator(".bar-value")).to_have_text(f"{100 * weights[5] / weights.sum():.1f} %")
    expect(page.locator(".written-choices")).to_contain_text("What may follow “b”")


def test_a_beam_lists_other_words_and_draws_differ(instrument: Instrument) -> None:
    page = instrument.open("model=letters&z=1.6,1.5,0.4,0,0").page
    page.get_by_role("button", name="Likeliest word").click()
    expect(page.locator(".written-others li")).to_have_count(4)
    page.get_by_role("button", name="Drawn", exact=True).click()
    words = page.evaluate(
        """async () => {
          const again = [...document.querySelectorAll("button")].find(
            ({ textContent }) => textContent === "Draw again");
          const words = new Set();
          for (let turn = 0; turn < 30; turn++) {
            again.click();
            const painted = performance.getEntriesByName("instrument:paint").length;
            while (performance.getEntriesByName("instrument:paint").length === painted)
              await new Promise(requestAnimationFrame);
            words.add(document.querySelector(".written").dataset.word);
          }
          return [...words];
        }"""
    )
    assert len(words) > 2


def test_words_between_two_words(instrument: Instrument) -> None:
    page = instrument.open("model=letters").page
    page.get_by_role("tab", name="Path").click()
    for name, word in (("From which word", "aaa"), ("To which word", "eee")):
        page.get_by_label(name).fill(word)
        page.get_by_label(name).press("Enter")
    stations = page.locator(".word-station")
    expect(stations).to_have_count(9)
    ways = np.linspace(1, 5, 9)
    expected = [kinds.word_at(np.array([t, t, t, 0, 0], np.float32)) for t in ways]
    # Halfway between two letters either is as likely.
    assert [stations.nth(at).inner_text() for at in range(0, 9, 2)] == expected[::2]
    stations.nth(4).click()
    wait_for_word(instrument, "ccc")
    page.get_by_label("From which word").fill("xyz")
    page.get_by_label("From which word").press("Enter")
    expect(page.locator(".word-path .refusal")).to_contain_text("“x” is not in the model's")


def test_every_slider_tells_what_it_would_write(instrument: Instrument) -> None:
    page = instrument.open("model=letters&z=2,5,4,0,0").page
    cells = page.locator(".word-cell")
    expected = []
    for latent in range(kinds.LONGEST):
        for step in (-3, -1.8, 0, 1.8, 3):
            z = np.array([2, 5, 4, 0, 0], np.float32)
            z[latent] = step
            expected.append(kinds.word_at(z) or "(empty)")
    expect(cells).to_have_text(expected)
    cells.nth(4).click()
    wait_for_word(instrument, "ced")
