"""Writing token by token in a real browser, against PyTorch's own sequences."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from playwright.sync_api import Page
from torch import Tensor

from training.checkpoints.export import Traced, export_graphs
from training.contract.card import STEP
from training.contract.spaces import CodeGrid
from training.datasets import names
from training.families import text_vae, transformer
from training.families.family import Form
from training.models import decoding
from training.models.text_vae import END, State, TextVAE, written
from training.models.transformer import Transformer

from .modules import call

WRITE = """
    const { startEngine } = await import('/instrument/engine/session.js');
    const { openGraph } = await import('/instrument/engine/graph.js');
    const { openStepper } = await import('/instrument/model/stepper.js');
    const ort = await startEngine(new URL('/instrument/', location.href).href);
    const bytes = Uint8Array.from(atob(given.bytes), (letter) => letter.charCodeAt(0));
    const graph = given.card.graphs.step;
    const opened = await openGraph(ort, bytes, { file: 'step.onnx', graph, again: '' });
    const stepper = await openStepper(opened, given.card, 'step.onnx');
    const batch = (codes) => ({
        z: { type: 'float32', data: Float32Array.from(codes.flat()), dims: [codes.length, 4] },
    });
    const values = given.z && batch([given.z]);
    const last = async (writing) => {
        let found;
        for await (const one of writing) found = one;
        return found;
    };
    const beams = await last(it.beam(stepper, values, 3));
    const found = { greedy: await last(it.greedy(stepper, values)), beams };
    if (given.z) found.all = await it.greedyAll(stepper, 2, batch([given.z, given.other]));
    stepper.release();
    const plain = ({ tokens, logProbability }) => [tokens, logProbability];
    return { greedy: plain(found.greedy), beams: found.beams.map(plain), all: found.all };
"""


def in_the_page(page: Page, traced: Traced, folder: Path, **given: Any) -> Any:
    export_graphs([traced], folder)
    content = (folder / STEP).read_bytes()
    return call(
        page, "model/writing.js", WRITE, {"bytes": base64.b64encode(content).decode(), **given}
    )


def card(controls: Any, traced: Traced) -> Any:
    return msgspec.to_builtins({"controls": controls, "graphs": {"step": traced.graph}})


def assert_same(ours: Any, theirs: decoding.Sequence) -> None:
    tokens, log_probability = ours
    assert tuple(tokens) == theirs.tokens
    assert log_probability == pytest.approx(theirs.log_probability, abs=1e-3)


def test_a_word_is_the_one_that_torch_writes(module: Page, tmp_path: Path) -> None:
    torch.manual_seed(3)
    family = text_vae.TextVAE(latents=4, embedding=8, read_units=6, write_units=12)
    form = Form((names.LONGEST,), alphabet=names.ALPHABET)
    model = family.network(form).eval()
    assert isinstance(model, TextVAE)
    for weights in model.parameters():
        weights.data *= 4  # untrained, all letters are about as likely
    model.logits.bias.data[END] += 1.4
    traced = next(one for one in family.graphs(model, form) if one.graph.file == STEP)
    controls = family.controls(form)
    lengths = set()
    for z in torch.randn(4, 4).split(1):
        other = torch.randn(1, 4)
        found = in_the_page(
            module,
            traced,
            tmp_path,
            card=card(controls, traced),
            z=z[0].tolist(),
            other=other[0].tolist(),
        )
        start = (_at(model, z), model.begin(1), names.LONGEST, END)
        assert_same(found["greedy"], decoding.greedy(*start))
        for ours, theirs in zip(found["beams"], decoding.beam(*start, width=3), strict=True):
            assert_same(ours, theirs)
        expected = [written(model, code[0]) for code in (z, other)]
        assert [tuple(tokens) for tokens in found["all"]] == expected
        lengths.add(len(found["greedy"][0]))
    assert len(lengths) > 1


def _at(model: TextVAE, z: Tensor) -> decoding.Step[State]:
    """A step of words that all have the code z, (1, D)."""
    return lambda token, state: model.step(token, state, z.expand(len(token), -1))


def test_a_grid_of_codes_is_the_one_that_torch_writes(module: Page, tmp_path: Path) -> None:
    torch.manual_seed(4)
    model = Transformer(tokens=5, length=12, width=16, layers=2, heads=2)
    for weights in model.parameters():
        weights.data *= 3
    traced = transformer.step_graph(model, "codes")
    found = in_the_page(module, traced, tmp_path, card=card([CodeGrid("codes", 3, 4, 5)], traced))
    start = (model.step, model.begin(1), 12, None)
    assert_same(found["greedy"], decoding.greedy(*start))
    assert len(set(found["greedy"][0])) > 1
    for ours, theirs in zip(found["beams"], decoding.beam(*start, width=3), strict=True):
        assert_same(ours, theirs)
