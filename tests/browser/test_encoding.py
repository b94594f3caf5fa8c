"""What the encoder says of an image, and what the page says where it cannot be asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from playwright.sync_api import Page, Route, expect
from safetensors.numpy import load_file

from .instrument import READ_PIXELS, Instrument, pixels
from .own_images import draw, upload
from .pictures import FILES


@pytest.mark.parametrize("way", ["Draw", "Upload"])
def test_what_was_asked_earlier_does_not_take_over_from_a_newer_choice(
    instrument: Instrument, page: Page, way: str
) -> None:
    held: list[Route] = []
    page.route("**/blots/encoder.onnx", lambda route: held.append(route))
    instrument.open()

    def start_from(way: str) -> None:
        instrument.start_from(way)
        if way == "Draw":
            draw(page, (0.3, 0.2), (0.6, 0.3))
        else:
            upload(page, FILES["PNG"])

    with page.expect_request("**/blots/encoder.onnx"):
        start_from(way)
    page.get_by_role("tab", name="Test images").click()
    page.locator(".thumb").nth(3).click()
    expect(page.locator(".source-label")).to_have_text("Test image #3 (a 3)")
    for route in held:
        route.continue_()
    # What comes after it is encoded after it.
    start_from("Upload" if way == "Draw" else "Draw")
    expect(page.locator(".source-label")).to_contain_text("Your")
    page.get_by_role("button", name="Undo (").click()
    expect(page.locator(".source-label")).to_have_text("Test image #3 (a 3)")


@pytest.mark.parametrize("kind", ["missing", "of another size", "a loop", "a decoder", "garbage"])
def test_an_encoder_that_cannot_be_used_gets_one_sentence(
    instrument: Instrument, models: Path, page: Page, kind: str
) -> None:
    decoder = (models / "blots" / "decoder.onnx").read_bytes()
    content, reason = {
        "missing": (None, "encoder.onnx is missing"),
        "of another size": (b"short", "has 5 bytes where its card says"),
        "a loop": (b'"\x04Loop', "contains a loop"),
        "a decoder": (decoder, "should take `x` and give `mean` and `log_variance`"),
        "garbage": (b"cut short" * 9, "is not a model this browser can run"),
    }[kind]
    card = json.loads((models / "blots" / "card.json").read_text())
    if content is not None and kind != "of another size":
        card["files"]["encoder.onnx"]["bytes"] = len(content)
    page.route("**/blots/card.json", lambda route: route.fulfill(json=card))
    page.route(
        "**/blots/encoder.onnx",
        lambda route: route.fulfill(status=404) if content is None else route.fulfill(body=content),
    )
    instrument.open()
    instrument.start_from("Draw")
    draw(page, (0.3, 0.2), (0.6, 0.3))

    expect(page.locator(".refusal:visible")).to_contain_text(reason.replace("`", ""))
    assert (page.locator(".refusal:visible").text_content() or "").startswith("blots/encoder.onnx ")
    assert instrument.z() == [0, 0, 0, 0]
    expect(page.locator(".source-label")).to_be_hidden()


def test_resampling_fans_out_draws(instrument: Instrument, models: Path, page: Page) -> None:
    codes = load_file(models / "blots" / "codes.safetensors")
    instrument.open("model=blots&example=4")
    page.get_by_role("button", name="Draws", exact=True).click()
    draws = page.locator(".draw")
    expect(draws).to_have_count(8)
    wait = "() => [...document.querySelectorAll('.draw canvas')].every((c) => c.getContext('2d')"
    wait += ".getImageData(0, 0, 1, 1).data[0] > 0)"
    page.wait_for_function(wait)
    before = [pixels(draws.nth(at).locator("canvas")) for at in range(8)]
    assert len(set(map(tuple, before))) == 8
    assert instrument.z() == pytest.approx(codes["mean"][4], abs=1e-3)

    draws.nth(2).click()
    away = (np.array(instrument.z()) - codes["mean"][4]) / 0.25
    assert 0 < np.abs(away).max() < 6
    grey = np.array(before[2]).reshape(12, 8, 4)[..., 0]
    session = onnxruntime.InferenceSession(models / "blots" / "decoder.onnx")
    mean = session.run(["mean"], {"z": np.array([instrument.z()], np.float32)})[0][0, 0]
    assert np.abs(grey - 255 * mean).max() <= 2
    assert instrument.query()["example"] == "4"
    page.get_by_role("button", name="Again").click()
    page.wait_for_function(
        f"(old) => JSON.stringify(({READ_PIXELS})(document.querySelector('.draw canvas'))) !== old",
        arg=json.dumps(before[0], separators=(",", ":")),
    )


def test_the_source_is_measured_as_in_python(
    instrument: Instrument, models: Path, page: Page
) -> None:
    codes = load_file(models / "blots" / "codes.safetensors")
    instrument.open("model=blots&example=4")
    mean, log_variance = codes["mean"][4], codes["log_variance"][4]
    kl = 0.5 * float((mean**2 + np.exp(log_variance) - 1 - log_variance).sum())
    reconstruction = float(codes["reconstruction"][4])
    for row, nats in (("reconstruction", reconstruction), ("kl", kl), ("sum", reconstruction + kl)):
        figure = page.locator(f".elbo-row[data-row='{row}'] .number")
        expect(figure).to_have_text(f"{nats:.1f}")

    panes = [
        np.array(pixels(one)) for one in page.locator(".source:not(.imputation .source)").all()
    ]
    source, decoded, difference = (pane.reshape(12, 8, 4).astype(int) for pane in panes)
    session = onnxruntime.InferenceSession(models / "blots" / "decoder.onnx")
    image = session.run(["mean"], {"z": mean[None]})[0][0, 0]
    assert np.abs(decoded[..., 0] - 255 * image).max() <= 1
    apart = source[..., 0] - 255 * image
    assert np.abs(difference[..., 3] - np.abs(apart)).max() <= 1
    page.get_by_role("button", name="absolute").click()
    unsigned = np.array(pixels(page.locator(".source:not(.imputation .source)").nth(2))).reshape(
        12, 8, 4
    )
    shown = unsigned[unsigned[..., 3] > 0][:, :3]
    assert len(np.unique(shown, axis=0)) <= 1
    for slider in page.locator(".sliders > [data-latent]").all():
        at = int(slider.get_attribute("data-latent") or "")
        text = f"{mean[at]:.2f} ± 0.25".replace("-", "−")
        expect(slider.locator(".posterior-text")).to_have_text(text)
