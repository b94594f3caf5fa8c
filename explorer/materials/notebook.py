"""A notebook of a lesson: its models opened by `training.load`, its figures measured again.

Format: nbformat 4.5 (https://nbformat.readthedocs.io/en/latest/format_description.html). Nothing is
in it that was computed before: those who run it see what their own models say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from explorer.lessons.bench import Bench
from explorer.lessons.lesson import Lesson
from training.contract.card import Card
from training.contract.outputs import Pixels
from training.contract.spaces import CodeGrid

OPEN = """import torch
from PIL import Image

import training
from explorer.lessons.bench import MODELS, shipped

models = {{id: training.load(MODELS / id) for id in {ids}}}
for id, (model, card) in models.items():
    weights = sum(parameter.numel() for parameter in model.parameters())
    print(f"{{id}}: {{card.title}}, {{weights:,}} weights")"""

SMALL = "from explorer.lessons.bench import shipped"

IMAGE = """# The test image of the lesson: x is (1, C, H, W), in [0, 1].
opened = shipped().model({id!r})
x = torch.from_numpy(opened.images([{example}])).reshape(1, *opened.shape)
pictures = [x]"""

VAE = """# {id}: q(z|x) is a Gaussian for each latent; its mean is decoded.
model, card = models[{id!r}]
q = model.encode(x)
pictures.append(model.decode(q.mean).mean)
kl_nats = 0.5 * (q.mean**2 + q.log_variance.exp() - 1 - q.log_variance)
print("KL of each latent, nats:", [round(nats, 2) for nats in kl_nats[0].tolist()])"""

# A decoder without a density gives the image itself.
VAEGAN = VAE.replace("model.decode(q.mean).mean", "model.decode(q.mean)")

CONDITIONAL = """# {id}: encoder and decoder are given the digit.
model, card = models[{id!r}]
label = torch.tensor([int(opened.codes["label"][{example}])])
q = model.encode(x, label)
pictures.append(model.decode(q.mean, label).mean)"""

AUTOENCODER = """# {id}: the encoder gives one point z, the decoder one image.
model, card = models[{id!r}]
z = model.encode(x)
pictures.append(model.decode(z))
print("z:", [round(value, 2) for value in z[0].tolist()])"""

CODES = """# {id}: the encoder gives a grid of codes, the decoder one image.
model, card = models[{id!r}]
codes = model["vqvae"].encode(x)
pictures.append(model["vqvae"].decode(codes).mean)
print("codes:", codes[0].tolist())"""

GENERATOR = """# {id}: it has no encoder, so no image has a z; a draw from the prior is decoded.
model, card = models[{id!r}]
z = torch.randn(1, card.size, generator=torch.Generator().manual_seed(0))
pictures.append(model(z))"""

SHOW = """# The test image, and what each of the models makes of it.
row = torch.cat([picture.reshape(opened.shape) for picture in pictures], dim=2)
levels = (row.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).squeeze().numpy()
Image.fromarray(levels).resize((4 * levels.shape[1], 4 * levels.shape[0]), 0)"""

WORDS = """# {id}: q(z|word) of the test words, and the KL of each latent, mean over them.
model, card = models[{id!r}]
words = torch.from_numpy(shipped().model({id!r}).codes["word"][:500]).long()
q = model.encode(words)
kl_nats = (0.5 * (q.mean**2 + q.log_variance.exp() - 1 - q.log_variance)).mean(0)
print("KL of each latent, nats:", [round(nats, 2) for nats in kl_nats.tolist()])"""

PREDICT = "my_prediction = None  # write it down before you go on"

MEASURE = """# Every figure of the lesson, measured again.
from explorer.lessons.check import measure, read_all
from explorer.lessons.command import model_names

(lesson,) = read_all([{id!r}], model_names(shipped()))
values = measure(lesson, shipped())
for name, probe in lesson.front.figures.items():
    print(f"{{probe.title:28}} {{values[name]:>12,.{{probe.decimals}}f}} {{probe.unit}}")"""

COMPARE = """answer = values[{figure!r}]
print(f"You said {{my_prediction}}; measured: {{answer:,.{decimals}f}} {unit}")"""


def notebook(lesson: Lesson, bench: Bench) -> str:
    """The file."""
    front = lesson.front
    setups = [front.setup, *front.cards.values()]
    ids = list(dict.fromkeys(id for setup in setups for id in setup.models))
    cells = [
        _text(
            f"# {front.title}\n\n{front.idea}\n\nOften said, and wrong: “{front.misconception}”\n\n"
            f"This notebook goes with lesson {front.number} of the latent-space explorer; it runs "
            "where that is installed. Text under CC BY 4.0."
        ),
        _code(OPEN.format(ids=ids) if ids else SMALL),
        *_encoded(ids, front.setup.example or 0, bench),
        _text(f"## Predict\n\n{front.predict.ask}"),
        _code(PREDICT),
        _text("## Measure"),
        _code(MEASURE.format(id=front.id)),
    ]
    if front.predict.figure is not None:
        figure = front.predict.figure
        probe = front.figures[figure]
        cells.append(
            _code(COMPARE.format(figure=figure, decimals=probe.decimals, unit=probe.unit).rstrip())
        )
    asked = "\n".join(f"{at}. {one.ask}" for at, one in enumerate(front.questions, 1))
    cells.append(_text(f"## Check\n\n{asked}"))
    tree = {
        "cells": [cell | {"id": f"cell-{at}"} for at, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"


def _encoded(ids: Sequence[str], example: int, bench: Bench) -> list[dict[str, object]]:
    """Cells that encode and decode the lesson's test image, or words, with each model."""
    cards = {id: bench.model(id).card for id in ids}
    seen = [id for id in ids if isinstance(cards[id].output, Pixels)]
    cells = [_code(WORDS.format(id=id)) for id in ids if id not in seen]
    if seen:
        cells.append(_code(IMAGE.format(id=seen[0], example=example)))
        cells += [_code(_way(cards[id]).format(id=id, example=example)) for id in seen]
        cells.append(_code(SHOW))
    return cells


def _way(card: Card) -> str:
    """How a model of images is encoded and decoded."""
    if len(card.controls) > 1:
        return CONDITIONAL
    if isinstance(card.controls[0], CodeGrid):
        return CODES
    encode = card.graphs.named().get("encode")
    if encode is None:
        return GENERATOR
    if not any(port.role == "log_variance" for port in encode.outputs):
        return AUTOENCODER
    return VAE if isinstance(card.output, Pixels) and card.output.likelihood else VAEGAN


def _text(source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def _code(source: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "metadata": {},
        "source": source.splitlines(keepends=True),
        "execution_count": None,
        "outputs": [],
    }
