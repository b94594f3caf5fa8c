"""Words, codes, labels, several models, the page of β and a lesson, in each engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from .driver import Driver
from .page import READY, away_from, decoded, image, press

Open = Callable[[str], Driver]
WORD = "document.querySelector('.written')?.dataset.word"


@pytest.fixture
def open(driver: Driver, shipped: str) -> Open:
    def opened(path: str) -> Driver:
        driver.open(f"{shipped}/instrument/{path}")
        driver.wait(READY)
        return driver

    return opened


def test_a_word_is_typed_and_a_slider_writes_another(open: Open) -> None:
    driver = open("index.html?model=names")
    driver.click(".word-control input")
    driver.run("document.activeElement.select()")
    driver.type("anna")
    driver.press("Enter")
    driver.wait("location.search.includes('word=anna')")
    written = driver.wait(WORD)
    driver.drag(".sliders .range", 0.1, 0.95)
    driver.wait(f"{WORD} && {WORD} !== arguments[0]", written)


def test_a_code_is_painted(open: Open) -> None:
    driver = open("index.html?model=digits-vq")
    driver.wait("document.querySelector('.code-cell')?.checkVisibility()")
    before = image(driver)
    press(driver, "Code 5", "[role=radio]")
    driver.drag(".code-cell", 0.5, 3.5, steps=4)
    driver.wait("new URLSearchParams(location.search).get('codes')?.startsWith('5,5,5')")
    assert np.abs(image(driver).astype(int) - before).max() > 50


def test_a_label_is_chosen(open: Open) -> None:
    driver = open("index.html?model=digits-cvae")
    before = image(driver)
    driver.click(".label-choice[aria-checked=false]")
    driver.wait("location.search.includes('label=')")
    assert np.abs(image(driver).astype(int) - before).max() > 50


def test_one_drag_moves_every_model_that_is_compared(open: Open) -> None:
    models, zero = ("sprites-beta1", "sprites-beta4"), [0] * 10
    driver = open(f"index.html?compare={','.join(models)}&z={','.join(map(str, zero))}")
    driver.drag(".sliders .range", 0.5, 0.8)
    z = away_from(driver, *zero)
    for model in models:
        shown = image(driver, f".compared[data-model='{model}'] canvas.picture")
        assert np.abs(shown - decoded(model, *z)).max() <= 1, model


def test_a_row_of_beta_moves_the_image(open: Open) -> None:
    driver = open("ladder/index.html?table=sprites")
    driver.wait("document.querySelector('.carrier[data-latent] .range')?.checkVisibility()")
    value = "document.querySelector('.carrier[data-latent] .range').valueAsNumber"
    before = image(driver, "canvas.decoded")
    driver.drag(".carrier[data-latent] .range", 0.05, 0.95)
    driver.wait(f"{value} > 1")
    assert np.abs(image(driver, "canvas.decoded").astype(int) - before).max() > 50


def test_a_prediction_is_locked_and_what_was_measured_is_told(open: Open) -> None:
    driver = open("index.html?lesson=squeeze&step=2")
    mark = "document.querySelector('.guess-mark')"
    driver.wait(f"{mark}?.checkVisibility()")
    driver.run(f"{mark}.focus()")
    driver.press("Home")
    press(driver, "Lock my prediction")
    driver.wait("document.querySelector('.verdict')?.innerText.includes('Measured: ')")
    assert driver.run(f"return {mark}.disabled")
    press(driver, "Next")
    driver.wait("location.search.includes('step=3')")
