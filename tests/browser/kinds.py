"""Checkpoints made by hand, one of each kind of control and output, with known answers.

`stripes`: z and a label; `blocks`: a grid of codes with an encoder and a prior; `rows`: the same
grid, that is only drawn; `letters`: z and a word; `halves`: z and an image of which a part is seen.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from training.contract import card
from training.contract.files import write_card
from training.contract.graphs import Graph, Graphs, Port, Sizes
from training.contract.measurements import Latent, Metric, Provenance
from training.contract.outputs import Characters, Output, Pixels
from training.contract.spaces import Categorical, CodeGrid, Continuous, Image, Space, Tokens

from .checkpoints import weights

HOW = "Made by hand for a test."

LABELS = ("none", "left", "right", "T-shirt, top")
STRIPES_SHAPE = (1, 12, 8)
HALVES_Z = (1.0, -1.0)

GRID, CODES, PATCH = (3, 4), 6, 4
BLOCKS_SHAPE = (1, GRID[0] * PATCH, GRID[1] * PATCH)
# ln p of the next code after each code, unnormalised: the next higher one is likeliest.
CLIMB = np.array(
    [
        [2.0 if after == (last + 1) % CODES else 0.3 * after for after in range(CODES)]
        for last in range(CODES)
    ],
    np.float32,
)

ALPHABET, LONGEST = tuple("abcde"), 5


def write(folder: Path) -> None:
    """All of them, each in a folder of its name."""
    stripes(folder / "stripes")
    blocks(folder / "blocks", encoded=True)
    blocks(folder / "rows", encoded=False)
    letters(folder / "letters")
    pairs(folder / "pairs")
    halves(folder / "halves")


def striped(z: NDArray[np.float32], label: int) -> NDArray[np.float32]:
    """What `stripes` decodes: soft blots for z, and a bright column for labels but the first."""
    logits = z @ weights(2, STRIPES_SHAPE, 0) - 1 + _columns()[label]
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32).reshape(STRIPES_SHAPE)


def _columns() -> NDArray[np.float32]:
    """(labels, pixels): the first label's are empty."""
    columns = np.zeros((len(LABELS), *STRIPES_SHAPE), np.float32)
    for label in range(1, len(LABELS)):
        columns[label, :, :, 2 * label] = 4
    return columns.reshape(len(LABELS), -1)


def stripes(folder: Path) -> None:
    """z and a label to an image."""
    size = math.prod(STRIPES_SHAPE)
    graph = Graph(
        card.DECODER,
        (
            Port("z", "float32", ("batch", 2), "value", "z"),
            Port("label", "int64", ("batch",), "value", "label"),
        ),
        (Port("mean", "float32", ("batch", *STRIPES_SHAPE), "image"),),
    )
    steps = [
        ("MatMul", ["z", "blots"], "drawn"),
        ("Gather", ["columns", "label"], "column"),
        ("Add", ["drawn", "column"], "both"),
        ("Sub", ["both", "one"], "logits"),
        ("Sigmoid", ["logits"], "flat"),
        ("Reshape", ["flat", "shape"], "mean"),
    ]
    constants = {
        "blots": weights(2, STRIPES_SHAPE, 0).reshape(2, size),
        "columns": _columns(),
        "one": np.float32(1),
        "shape": np.array([-1, *STRIPES_SHAPE]),
    }
    _write(
        folder,
        "cvae",
        "Stripes",
        (Continuous("z", 2, "standard_normal"), Categorical("label", LABELS)),
        Pixels(STRIPES_SHAPE, "bernoulli"),
        {"decode": (graph, steps, constants)},
    )


def blocky(codes: NDArray[np.int64]) -> NDArray[np.float32]:
    """What `blocks` decodes of a grid: a square of one grey for each code, black for 0."""
    grey = (codes / (CODES - 1)).astype(np.float32)
    return grey.repeat(PATCH, 0).repeat(PATCH, 1)[None]


def blocks(folder: Path, *, encoded: bool) -> None:
    """A grid of codes to an image and, where it is `encoded`, back; and a code at a time."""
    height, width = GRID
    codes = Port("codes", "int64", ("batch", height, width), "value", "codes")
    image = Port("mean", "float32", ("batch", *BLOCKS_SHAPE), "image")
    graphs: dict[str, _Made] = {
        "decode": (
            Graph(card.DECODER, (codes,), (image,)),
            [
                ("Unsqueeze", ["codes", "channel"], "four"),
                ("Cast", ["four"], "numbers", {"to": TensorProto.FLOAT}),
                ("Div", ["numbers", "most"], "grey"),
                ("Resize", ["grey", "", "scales"], "mean", {"mode": "nearest"}),
            ],
            {
                "channel": np.array([1]),
                "most": np.float32(CODES - 1),
                "scales": np.array([1, 1, PATCH, PATCH], np.float32),
            },
        ),
        "step": (
            Graph(
                card.STEP,
                (
                    Port("token", "int64", ("batch",), "token", "codes"),
                    Port("read", "int64", ("batch",), "state"),
                ),
                (
                    Port("logits", "float32", ("batch", CODES), "logits", "codes"),
                    Port("next_read", "int64", ("batch",), "state"),
                ),
            ),
            [("Gather", ["climb", "token"], "logits"), ("Add", ["read", "one"], "next_read")],
            {"climb": CLIMB, "one": np.array(1)},
        ),
    }
    if encoded:
        x = Port("x", "float32", ("batch", *BLOCKS_SHAPE), "image")
        graphs["encode"] = (
            Graph(card.ENCODER, (x,), (codes,)),
            [
                (
                    "AveragePool",
                    ["x"],
                    "grey",
                    {"kernel_shape": [PATCH] * 2, "strides": [PATCH] * 2},
                ),
                ("Mul", ["grey", "most"], "numbers"),
                ("Round", ["numbers"], "rounded"),
                ("Cast", ["rounded"], "whole", {"to": TensorProto.INT64}),
                ("Squeeze", ["whole", "channel"], "codes"),
            ],
            {"channel": np.array([1]), "most": np.float32(CODES - 1)},
        )
    metrics = (
        Metric("perplexity", "Perplexity", 4.2, "codes", "test", 100, 0, HOW),
        Metric("dead_codes", "Dead codes", 1, "codes", "test", 100, 0, HOW),
    )
    _write(
        folder,
        "vqvae" if encoded else "transformer",
        "Blocks" if encoded else "Rows",
        (CodeGrid("codes", height, width, CODES),),
        Pixels(BLOCKS_SHAPE, "bernoulli" if encoded else None),
        graphs,
        metrics if encoded else (),
    )


def completed(
    z: NDArray[np.float32], pixels: NDArray[np.float32], seen: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """What `halves` decodes: the seen pixels of an image (1, 12, 8), and soft blots for z."""
    blots = 1 / (1 + np.exp(-(z @ weights(2, STRIPES_SHAPE, 0)))).reshape(STRIPES_SHAPE)
    return np.asarray(np.where(seen, pixels, blots), np.float32)


def halves(folder: Path) -> None:
    """z and a part of an image to a whole one; the encoder puts z to (1, −1) whatever it sees."""
    size = math.prod(STRIPES_SHAPE)
    _, height, width = STRIPES_SHAPE
    codes: Sizes = ("batch", 2)
    condition = Port("condition", "float32", ("batch", 2, height, width), "value", "condition")
    decode = Graph(
        card.DECODER,
        (Port("z", "float32", codes, "value", "z"), condition),
        (Port("image", "float32", ("batch", *STRIPES_SHAPE), "image"),),
    )
    encode = Graph(
        card.ENCODER,
        (Port("x", "float32", ("batch", *STRIPES_SHAPE), "image"), condition),
        (
            Port("mean", "float32", codes, "mean", "z"),
            Port("log_variance", "float32", codes, "log_variance", "z"),
        ),
    )
    at = {name: np.array([number]) for name, number in (("zero", 0), ("one", 1), ("two", 2))}
    _write(
        folder,
        "image_cvae",
        "Halves",
        (Continuous("z", 2, "standard_normal"), Image("condition", STRIPES_SHAPE, "left")),
        Pixels(STRIPES_SHAPE, "bernoulli"),
        {
            "decode": (
                decode,
                [
                    ("MatMul", ["z", "blots"], "flat"),
                    ("Sigmoid", ["flat"], "grey"),
                    ("Reshape", ["grey", "shape"], "drawn"),
                    ("Slice", ["condition", "zero", "one", "one"], "pixels"),
                    ("Slice", ["condition", "one", "two", "one"], "seen"),
                    ("Sub", ["whole", "seen"], "hidden"),
                    ("Mul", ["drawn", "hidden"], "rest"),
                    ("Add", ["pixels", "rest"], "image"),
                ],
                {
                    "blots": weights(2, STRIPES_SHAPE, 0).reshape(2, size),
                    "shape": np.array([-1, *STRIPES_SHAPE]),
                    "whole": np.float32(1),
                    **at,
                },
            ),
            "encode": (
                encode,
                [
                    ("Add", ["x", "condition"], "both"),
                    ("Flatten", ["both"], "flat"),
                    ("MatMul", ["flat", "none"], "log_variance"),
                    ("Add", ["log_variance", "place"], "mean"),
                ],
                {
                    "none": np.zeros((2 * size, 2), np.float32),
                    "place": np.array(HALVES_Z, np.float32),
                },
            ),
        },
    )


def word_at(z: NDArray[np.float32]) -> str:
    """What `letters` writes greedily: z_i says the letter at place i, one below 0.5 ends it."""
    tokens = [min(round(float(value)), len(ALPHABET)) for value in z]
    end = next((at for at, token in enumerate(tokens) if token <= 0), len(tokens))
    return "".join(ALPHABET[token - 1] for token in tokens[:end])


def letters(folder: Path) -> None:
    """z to a word, a letter at a time, ln p falling with the square of the distance from z_i."""
    word = Port("word", "int64", ("batch", LONGEST), "value", "word")
    codes: Sizes = ("batch", LONGEST)
    read = Graph(
        card.ENCODER,
        (word,),
        (
            Port("mean", "float32", codes, "mean", "z"),
            Port("log_variance", "float32", codes, "log_variance", "z"),
        ),
    )
    step = Graph(
        card.STEP,
        (
            Port("token", "int64", ("batch",), "token", "word"),
            Port("z", "float32", codes, "value", "z"),
            Port("place", "int64", ("batch",), "state"),
        ),
        (
            Port("logits", "float32", ("batch", len(ALPHABET) + 1), "logits", "word"),
            Port("next_place", "int64", ("batch",), "state"),
        ),
    )
    places = np.arange(LONGEST + 1)[None]
    _write(
        folder,
        "textvae",
        "Letters",
        (Continuous("z", LONGEST, "standard_normal"), Tokens("word", ALPHABET, LONGEST)),
        Characters(ALPHABET, LONGEST),
        {
            "encode": (
                read,
                [
                    ("Cast", ["word"], "mean", {"to": TensorProto.FLOAT}),
                    ("Mul", ["mean", "zero"], "nothing"),
                    ("Add", ["nothing", "spread"], "log_variance"),
                ],
                {"zero": np.float32(0), "spread": np.float32(2 * math.log(0.25))},
            ),
            "step": (
                step,
                [
                    ("Pad", ["z", "one_more"], "padded"),
                    ("Unsqueeze", ["place", "last"], "here"),
                    ("Equal", ["here", "places"], "is_here"),
                    ("Cast", ["is_here"], "mask", {"to": TensorProto.FLOAT}),
                    ("Mul", ["padded", "mask"], "only"),
                    ("ReduceSum", ["only", "last"], "asked", {"keepdims": 1}),
                    ("Sub", ["tokens", "asked"], "away"),
                    ("Mul", ["away", "away"], "square"),
                    ("Mul", ["square", "sharpness"], "logits"),
                    ("Add", ["place", "one"], "next_place"),
                    # Every input must be used: the token before is of no account here.
                    ("Identity", ["token"], "unused"),
                ],
                {
                    "one_more": np.array([0, 0, 0, 1]),
                    "last": np.array([1]),
                    "places": places,
                    "tokens": np.arange(len(ALPHABET) + 1, dtype=np.float32)[None],
                    "sharpness": np.float32(-2),
                    "one": np.array(1),
                },
            ),
        },
    )


def pairs(folder: Path) -> None:
    """Words without a latent, each letter by the one before: bed three times in four, else bad."""
    step = Graph(
        card.STEP,
        (Port("token", "int64", ("batch",), "token", "word"),),
        (Port("logits", "float32", ("batch", len(ALPHABET) + 1), "logits", "word"),),
    )
    a, b, d, e = (ALPHABET.index(letter) + 1 for letter in "abde")
    after = np.full((len(ALPHABET) + 1, len(ALPHABET) + 1), -100, np.float32)
    after[[0, a, e, d], [b, d, d, 0]] = 0
    after[b, [e, a]] = np.log([0.75, 0.25])
    _write(
        folder,
        "text_transformer",
        "Pairs",
        (Tokens("word", ALPHABET, LONGEST),),
        Characters(ALPHABET, LONGEST),
        {"step": (step, [("Gather", ["after", "token"], "logits")], {"after": after})},
    )


_Step = tuple[str, list[str], str] | tuple[str, list[str], str, dict[str, object]]
_Made = tuple[Graph, list[_Step], dict[str, NDArray[np.generic] | np.generic]]


def _write(
    folder: Path,
    family: str,
    title: str,
    controls: tuple[Space, ...],
    output: Output,
    graphs: dict[str, _Made],
    metrics: tuple[Metric, ...] = (),
) -> None:
    folder.mkdir(parents=True)
    for graph, steps, constants in graphs.values():
        (folder / graph.file).write_bytes(_onnx(graph, steps, constants))
    size = sum(space.size for space in controls if isinstance(space, Continuous))
    latent = Latent(1.0, 0.0, 1.0, 0.25, True)
    write_card(
        folder,
        card.Card(
            family=family,
            name=folder.name,
            title=title,
            summary="By hand",
            intent="To see one kind of control.",
            controls=controls,
            output=output,
            graphs=Graphs(**{kind: graph for kind, (graph, _, _) in graphs.items()}),
            data=card.Data(title, "none", "none", None, {"test": 100}, None, None),
            metrics=metrics,
            latents=(latent,) * size,
            latents_provenance=Provenance("nats", "test", 100, 0, HOW) if size else None,
        ),
    )


def _onnx(
    graph: Graph, steps: list[_Step], constants: dict[str, NDArray[np.generic] | np.generic]
) -> bytes:
    kinds = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}

    def ports(of: tuple[Port, ...]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(port.name, kinds[port.dtype], list(port.shape))
            for port in of
        ]

    nodes = [
        helper.make_node(kind, inputs, [output], **(more[0] if more else {}))
        for kind, inputs, output, *more in steps
    ]
    made = helper.make_graph(
        nodes,
        "by_hand",
        ports(graph.inputs),
        ports(graph.outputs),
        [onnx.numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
