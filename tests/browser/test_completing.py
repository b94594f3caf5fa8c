"""An image of which a half is hidden."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from .instrument import Instrument, pixels


def test_a_hidden_half_is_completed_and_its_error_shown(page: Page, instrument: Instrument) -> None:
    instrument.open("model=blots&example=3")
    page.get_by_role("tab", name="Complete").click()
    panel = page.locator(".imputation")
    page.wait_for_function("document.querySelector('.imputation')?.dataset.done")
    expect(panel).to_contain_text("Mean of rounds 11 to 30.")
    panel.get_by_label("Draw z and the hidden pixels in every round").uncheck()
    page.wait_for_function("document.querySelector('.imputation').dataset.done === '2'")
    expect(panel).to_contain_text("Round 30 of 30.")
    made, mean, truth = (
        np.array(pixels(panel.locator(".trio canvas").nth(at))).reshape(12, 8, 4)[..., 0] / 255
        for at in range(3)
    )
    half = len(truth) // 2
    assert np.array_equal(made[:half], truth[:half])
    assert not np.array_equal(made[half:], truth[half:])
    for at, image in enumerate((made, mean)):
        shown = float(panel.locator("figcaption output").nth(at).inner_text())
        assert shown == pytest.approx(((image - truth)[half:] ** 2).mean(), abs=2e-3)
    panel.get_by_role("button", name="Nothing").click()
    expect(panel).to_contain_text("nothing to complete")
    expect(panel.locator("figcaption output").first).to_have_text("")
