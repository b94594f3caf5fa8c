"""The inside of the model on screen: how z is made, and what the image costs."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from safetensors.numpy import load_file

from training.distributions import Bernoulli

from .checkpoints import weights, write
from .instrument import Instrument, frames, pixels
from .own_images import put

STD = 0.25

# Such as the decoder of blots never makes.
STRIPES = Image.fromarray(np.tile(np.uint8([0, 255]), (12, 4)))


def columns(page: Page) -> dict[str, NDArray[np.float64]]:
    """What the table shows of the active latents, 0, 1 and 2, by the sign of its column."""
    frames(page)
    text = page.locator(".pipeline-columns tbody tr").evaluate_all(
        """(rows) => rows.sort((a, b) => a.dataset.latent - b.dataset.latent)
          .map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent))"""
    )
    shown = np.array([[float(one.replace("−", "-")) for one in row] for row in text]).T
    return dict(zip("μσεz", shown, strict=True))


def upload(page: Page, image: Image.Image) -> None:
    file = io.BytesIO()
    image.save(file, "PNG")
    page.locator(".upload input[type=file]").set_input_files(
        {"name": "it.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )


def scale(page: Page) -> Locator:
    return page.get_by_label("Scale of σ")


def test_z_is_made_of_mean_spread_and_noise(
    instrument: Instrument, models: Path, page: Page
) -> None:
    mean = load_file(models / "blots" / "codes.safetensors")["mean"][4]
    instrument.open("model=blots&example=4")
    sum_ = page.locator(".pipeline-sum")
    expect(sum_).to_have_text("z = μ")
    shown = columns(page)
    assert shown["μ"] == pytest.approx(mean[:3], abs=0.006)
    assert shown["z"] == pytest.approx(mean[:3], abs=0.006)
    assert shown["σ"] == pytest.approx([STD] * 3)
    epsilon = shown["ε"]

    scale(page).fill("2")
    expect(sum_).to_have_text("z = μ + 2.00 · σ · ε")
    assert columns(page)["ε"] == pytest.approx(epsilon)
    assert instrument.z()[:3] == pytest.approx(mean[:3] + 2 * STD * epsilon, abs=0.004)
    scale(page).fill("0")
    expect(sum_).to_have_text("z = μ")
    assert instrument.z() == pytest.approx(mean, abs=6e-4)
    scale(page).fill("1")
    assert instrument.z()[:3] == pytest.approx(mean[:3] + STD * epsilon, abs=0.003)

    page.get_by_role("button", name="Draw from the posterior").click()
    drawn = columns(page)
    assert np.abs(drawn["ε"] - epsilon).max() > 0.01
    assert instrument.z()[:3] == pytest.approx(mean[:3] + STD * drawn["ε"], abs=0.004)
    assert scale(page).input_value() == "1"


def test_a_slider_says_what_noise_would_have_brought_z_there(
    instrument: Instrument, models: Path, page: Page
) -> None:
    mean = load_file(models / "blots" / "codes.safetensors")["mean"][4]
    instrument.open("model=blots&example=4")
    expect(page.locator(".pipeline-sum")).to_have_text("z = μ")
    instrument.slider(1).fill("1.5")
    expect(page.locator(".pipeline-sum")).to_have_text("z = μ + σ · ε")
    shown = columns(page)
    assert shown["ε"][1] == pytest.approx((1.5 - mean[1]) / STD, abs=0.03)
    assert shown["ε"][[0, 2]] == pytest.approx(0, abs=0.01)
    assert shown["z"][1] == 1.5


def test_a_part_of_the_diagram_lights_what_it_is_on_screen(
    instrument: Instrument, page: Page
) -> None:
    instrument.open("model=blots&example=4")
    part = page.locator(".pipeline-diagram [data-part='noise']")
    part.hover()
    expect(page.locator(".pipeline-words")).to_contain_text("Chance")
    expect(page.locator(".pipeline-roll")).to_have_class(re.compile("pipeline-lit"))
    page.locator("canvas.picture").hover()
    expect(page.locator(".pipeline-lit")).to_have_count(0)
    expect(page.locator(".pipeline-diagram .lit")).to_have_attribute("data-part", "reconstruction")

    page.locator(".pipeline-diagram [data-part='source']").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".pipeline-diagram .lit")).to_have_attribute("data-part", "code")
    expect(page.locator(".sliders .range").first).to_have_class(re.compile("pipeline-lit"))
    expect(page.locator(".pipeline-diagram [tabindex='0']")).to_have_count(1)


def test_the_cost_of_the_image_follows_z_as_training_computes_it(
    instrument: Instrument, page: Page
) -> None:
    instrument.open("model=blots&example=4")
    figure = page.locator(".elbo-row[data-row='reconstruction'] .number")
    expect(figure).to_have_text(re.compile(r"\d"))
    first = figure.text_content() or ""
    instrument.slider(1).fill("-1.3")
    expect(figure).not_to_have_text(first)

    grey = np.array(pixels(page.locator(".pane-source canvas")))[::4] / 255
    logits = np.array(instrument.z()) @ weights(4, (1, 12, 8), 1) - 1
    likelihood = Bernoulli(torch.from_numpy(logits))
    expected = -likelihood.log_prob(torch.from_numpy(grey)).sum().item()
    assert float(figure.get_attribute("title") or "") == pytest.approx(expected, abs=0.01)

    page.locator(".elbo summary").click()
    expect(page.locator(".elbo-words")).to_contain_text(f"costs {expected:.1f} nats")
    # Its terms are one stop of the Tab key, and the arrows walk them.
    terms = page.locator(".elbo .term")
    expect(page.locator(".elbo .term:not([tabindex='-1'])")).to_have_count(1)
    terms.first.focus()
    page.keyboard.press("ArrowDown")
    expect(terms.nth(1)).to_be_focused()


def test_a_posterior_without_a_likelihood_has_no_sum(
    instrument: Instrument, page: Page, tmp_path: Path
) -> None:
    write(tmp_path / "blots", examples=200)
    put(page, tmp_path / "blots")
    card = json.loads((tmp_path / "blots" / "card.json").read_text("utf-8"))
    card["output"]["likelihood"] = None
    page.route("**/blots/card.json", lambda route: route.fulfill(json=card))
    instrument.open("model=blots&example=4")
    expect(page.locator(".elbo-row[data-row='kl'] .number")).to_have_text(re.compile(r"\d"))
    expect(page.locator(".elbo-row[data-row='reconstruction'] .term")).to_have_text("Squared error")
    expect(page.locator(".elbo-row")).to_have_count(2)
    page.locator(".elbo summary").click()
    expect(page.locator(".elbo-words")).to_contain_text("no common unit and no sum")
    # What costs no nats can be unlike the examples all the same.
    instrument.start_from("Upload")
    upload(page, STRIPES)
    expect(page.locator(".unlike")).to_have_text(
        re.compile(r"its reconstruction is off by \d+\s% .* than that of any of 200 test images")
    )


def test_an_image_that_the_model_was_not_made_for_is_called_so(
    instrument: Instrument, page: Page, tmp_path: Path
) -> None:
    write(tmp_path / "blots", examples=200)
    put(page, tmp_path / "blots")
    instrument.open("model=blots&example=4")
    expect(page.locator(".nearest")).to_contain_text("0.00 away")
    expect(page.locator(".unlike")).to_be_hidden()
    expect(page.locator(".nearest")).to_have_text(re.compile("^Among the data"))
    instrument.start_from("Upload")
    # A grey such as the decoder makes at z = 0, and stripes.
    for image, said in ((Image.new("L", (8, 12), 69), "blank"), (STRIPES, "Not like the images")):
        upload(page, image)
        expect(page.locator(".unlike")).to_contain_text(said)
        expect(page.locator(".nearest")).to_have_text(re.compile("^Its code says little"))


def test_every_thumb_shows_the_image_as_it_is(instrument: Instrument, page: Page) -> None:
    instrument.open("model=blots&example=4")
    instrument.slider(1).fill("-1.3")
    for latent in (0, 1, 2):
        thumb = page.locator(f".sliders [data-latent='{latent}'] .thumb-image")
        instrument.wait_for_pixels(thumb, instrument.image()[..., 0])
    thumb = page.locator(".sliders [data-latent='1'] .thumb-image").bounding_box()
    film = page.locator(".sliders [data-latent='1'] .film").bounding_box()
    assert thumb is not None
    assert film is not None
    # From −3 to 3 in eleven cells: the thumb's left edge goes over ten of them.
    share = (thumb["x"] - film["x"]) / (film["width"] - thumb["width"])
    assert share == pytest.approx(1.7 / 6, abs=0.01)
