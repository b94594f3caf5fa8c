"""Models of other families: what fits them is there, and what does not is said once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.testing.v1 import AppTest

import explorer
from explorer import loading
from training.contract.card import DECODER
from training.contract.graphs import Graph, Port
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous

from . import checkpoints, kinds
from .checkpoints import codes, decode, weights
from .conftest import plain_server
from .instrument import Instrument

SHAPE = (1, 12, 8)


def test_a_generator_has_sliders_and_says_what_it_cannot_show(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("model=generator")
    # Without an image to encode it opens on a draw from the prior.
    first, *_, third, fourth = drawn = instrument.z()
    assert all(drawn)
    instrument.slider(1).fill("2")
    z = [first, 2, third, fourth]
    instrument.wait_for_z(*z)
    expected = decode(np.array([z], np.float32), weights(4, SHAPE, 1))
    instrument.wait_for_pixels(
        page.locator("canvas.picture"), (expected.reshape(SHAPE[1:]) * 255).round()
    )
    expect(page.locator(".traversals")).to_be_visible()
    for absent in (".map", ".start", ".readout"):
        expect(page.locator(absent)).to_have_count(0)
    missing = page.locator(".not-shown li")
    expect(missing).to_have_count(3)
    for sentence in missing.all_text_contents():
        assert "no encoder" in sentence
    assert " KL" not in page.locator(".instrument").inner_text()
    page.locator(".action.sample").click()
    page.wait_for_function("z => !location.search.includes(z)", arg=f"z={first:g},2,")


def test_without_a_prior_nothing_on_screen_speaks_of_one(
    page: Page, instrument: Instrument, models: Path
) -> None:
    instrument.open("model=points&example=3")
    page.wait_for_function("document.querySelector('.elbo .number').textContent.trim()")
    text = page.locator(".instrument").inner_text()
    for word in ("KL", "prior", "posterior", "ELBO", "nats"):
        assert word not in text
    expect(page.locator(".action.sample")).to_have_count(0)
    expect(page.locator(".not-shown")).to_have_count(0)
    # At the code of the image, which lies where the encoder put it: beyond a prior's bounds or not.
    mean = codes(12, 4)[3]
    assert instrument.z() == pytest.approx(mean.tolist(), abs=6e-4)
    expect(page.locator(".elbo")).to_contain_text("Squared error")
    expect(page.locator(".pipeline-columns thead")).to_have_text("Latentz")


def test_without_a_prior_sliders_go_three_deviations_from_the_codes_mean(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("model=points")
    means = codes(12, 4).astype(float)
    assert instrument.z() == pytest.approx(means.mean(0).tolist(), abs=6e-4)
    for latent in range(4):
        slider = instrument.slider(latent)
        for name, sign in (("min", -1), ("max", 1)):
            expected = means[:, latent].mean() + 3 * sign * means[:, latent].std()
            assert float(slider.get_attribute(name) or "") == pytest.approx(expected)
    field = instrument.value(0)
    field.fill("40")
    field.press("Enter")
    page.wait_for_function("location.search.includes('z=40,')")


@pytest.mark.parametrize("view", ["card", "results"])
def test_the_other_pages_open_for_every_family(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    kinds.write(tmp_path)
    checkpoints.write_generator(tmp_path / "generator")
    checkpoints.write_points(tmp_path / "points")
    monkeypatch.setattr(loading, "SHIPPED", tmp_path)
    monkeypatch.setattr(loading, "RUNS", tmp_path / "no runs")
    monkeypatch.delenv(loading.EXTRA, raising=False)
    entries = loading.catalogue()
    assert {entry.id for entry in entries} == {path.name for path in tmp_path.iterdir()}
    assert all(entry.card for entry in entries), [entry.error for entry in entries]
    app = AppTest.from_file(Path(explorer.__file__).with_name("app.py"), default_timeout=60)
    app.run().switch_page(f"views/{view}.py")
    for entry in entries:
        app.query_params["model"] = entry.id
        app.run()
        assert not app.exception, entry.id


def test_two_controls_of_numbers_are_one_row_of_sliders(browser: Browser, tmp_path: Path) -> None:
    """Each slider moves its own control, and each control has its own place in the link."""
    pixels = weights(3, SHAPE, 0)
    graph = Graph(
        DECODER,
        (
            Port("style", "float32", ("batch", 2), "value", "style"),
            Port("tilt", "float32", ("batch", 1), "value", "tilt"),
        ),
        (Port("mean", "float32", ("batch", *SHAPE), "image"),),
    )
    steps: list[kinds._Step] = [
        ("Concat", ["style", "tilt"], "z", {"axis": 1}),
        ("MatMul", ["z", "pixels"], "drawn"),
        ("Sub", ["drawn", "one"], "logits"),
        ("Sigmoid", ["logits"], "flat"),
        ("Reshape", ["flat", "shape"], "mean"),
    ]
    constants = {"pixels": pixels, "one": np.float32(1), "shape": np.array([-1, *SHAPE])}
    controls = (
        Continuous("style", 2, "standard_normal"),
        Continuous("tilt", 1, "standard_normal"),
    )
    kinds._write(
        *(tmp_path / "pair", "pair", "Pair", controls, Pixels(SHAPE, "bernoulli")),
        {"decode": (graph, steps, constants)},
    )
    with plain_server(tmp_path, tmp_path / "no results") as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        instrument = Instrument(page, address).open("model=pair&style=0,0&tilt=0")
        names = page.locator(".latent-name").all_text_contents()
        assert names == ["style₀", "style₁", "tilt"]
        instrument.slider(2).fill("1.5")
        instrument.slider(0).fill("-1")
        z = np.array([[-1, 0, 1.5]], np.float32)
        expected = (decode(z, pixels).reshape(SHAPE[1:]) * 255).round()
        instrument.wait_for_pixels(page.locator("canvas.picture"), expected)
        page.wait_for_function("location.search.includes('style=-1,0&tilt=1.5')")
        # The filmstrip of the tilt shows it from −3 to 3, the style as it is.
        line = np.array([[-1, 0, step] for step in np.linspace(-3, 3, 11)], np.float32)
        images = decode(line, pixels).reshape(11, *SHAPE[1:])
        film = np.concatenate(list((images * 255).round()), axis=1)
        instrument.wait_for_pixels(page.locator(".sliders [data-latent='2'] .film"), film)
        page.close()
