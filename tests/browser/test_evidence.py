"""ln p(x) in the browser: the refined grid against one of 961 × 961 points, and the panel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from explorer.lessons.bench import MODELS, RESULTS, shipped

from .conftest import plain_server
from .instrument import Instrument

EVIDENCE = Path(__file__).resolve().parents[1] / "data" / "evidence.json"
# Easy and hard ones: 119, 33 and 61 have the largest gaps of the first two hundred.
IMAGES = (0, 7, 33, 61, 97, 119, 150, 199)

MEASURE = """
async ({ assets, images, means, stds }) => {
  const { startEngine } = await import(assets + "engine/session.js");
  const { openDecoder } = await import(assets + "engine/decoder.js");
  const { createExact } = await import(assets + "evidence/exact.js");
  const folder = new URL("../checkpoints/digits-2d/", assets);
  const card = await (await fetch(new URL("card.json", folder))).json();
  const bytes = new Uint8Array(await (await fetch(new URL("decoder.onnx", folder))).arrayBuffer());
  const tensor = (data, count) => ({ z: { type: "float32", data, dims: [count, 2] } });
  const decoder = await openDecoder(await startEngine(assets), bytes, {
    name: "digits-2d",
    graph: card.graphs.decode,
    start: tensor(new Float32Array(2), 1),
    gives: [1, 28, 28],
  });
  const exact = createExact((z, count) => decoder.decode(tensor(z, count), count), 784);
  const found = [];
  for (let at = 0; at < images.length; at++) {
    const x = Float32Array.from(images[at]);
    const { logEvidence } = await exact.posterior(x);
    found.push([logEvidence, await exact.elbo(x, means[at], stds[at])]);
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with plain_server(MODELS, RESULTS) as address:
        yield address


@pytest.fixture
def instrument(page: Page, address: str) -> Instrument:
    return Instrument(page, address)


def test_the_refined_grid_agrees_with_a_fine_one_and_the_elbo_with_pythons(
    module: Page, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPLORER_SOURCES", "1")
    known = json.loads(EVIDENCE.read_text("utf-8"))
    bench = shipped()
    posteriors = [bench.encoded("digits-2d", image) for image in IMAGES]
    found = module.evaluate(
        MEASURE,
        {
            "assets": f"{address}/instrument/",
            "images": [bench.image("digits-2d", image).tolist() for image in IMAGES],
            "means": [mean.tolist() for mean, _ in posteriors],
            "stds": [std.tolist() for _, std in posteriors],
        },
    )
    for image, (evidence, elbo) in zip(IMAGES, found, strict=True):
        assert evidence == pytest.approx(known["log_evidence"][image], abs=0.01)
        assert elbo == pytest.approx(bench.elbo("digits-2d", image), abs=0.02)


def test_the_panel_shows_the_gap_and_finds_a_better_q(page: Page, instrument: Instrument) -> None:
    instrument.open("model=digits-2d&example=119")
    panel = page.locator(".evidence")
    panel.locator("summary").click()
    bench = shipped()
    evidence = bench.evidence("digits-2d", 119)
    gap = evidence - bench.elbo("digits-2d", 119)
    sums = panel.locator("dd")
    expect(sums.nth(0)).to_have_text(f"−{-evidence:.1f} nats")
    expect(sums.nth(1)).to_have_text(re.compile(rf" {gap:.1f} below"))
    # Where the encoder's q is, both are the same; at the posterior's mode, there is next to no gap.
    expect(sums.nth(2)).to_have_text(re.compile(rf" {gap:.0f}\.\d below"))
    best = bench.posterior("digits-2d", 119)
    mode = best.z[best.log_joint.argmax()]
    instrument.open(f"model=digits-2d&example=119&z={mode[0]:.3f},{mode[1]:.3f}")
    panel.locator("summary").click()
    expect(sums.nth(2)).to_have_text(re.compile(r", [0-3]\.\d below"))
