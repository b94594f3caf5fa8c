"""A checkpoint from any network: a `torch.nn.Module`, or an ONNX file that another library wrote.

The graphs are checked (ports, shapes, finite, ONNX against PyTorch) before anything is written, and
what can be measured without a training of ours is measured, see `examples`.
"""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import numpy as np
from torch import Tensor, nn

from training.contract.card import CARD, DECODER, ENCODER, MOST_EXAMPLES, Card, Data
from training.contract.errors import CheckpointError, ConfigError
from training.contract.fields import Seed
from training.contract.files import write_bytes, write_card
from training.contract.graphs import Graph, Graphs, Port
from training.contract.outputs import Pixels
from training.contract.reading import checked, read
from training.contract.spaces import Categorical, CodeGrid, Continuous, Image, Space
from training.saving.examples import SPLIT, Seen, index_of, measured, preview
from training.saving.graphs import Array, Network, Runnable, runnable

# What the instrument calls the ports that are not named for a control.
IMAGE, MEAN, LOG_VARIANCE = "x", "mean", "log_variance"


def save(
    folder: str | Path,
    *,
    decode: Network,
    controls: Sequence[Space],
    output: Pixels,
    encode: Network | None = None,
    examples: Any = None,
    labels: tuple[Any, Sequence[str]] | None = None,
    family: str = "other",
    title: str | None = None,
    intent: str = "",
    source: str = "not said",
    licence: str = "not said",
    with_map: bool = True,
    seed: int = 0,
) -> Card:
    """As `training.save`, which says what each argument is."""
    folder = Path(folder)
    if (folder / CARD).exists():
        raise CheckpointError(f"{folder} holds a checkpoint; choose another folder.")
    _check_given(decode, encode, controls, output, labels, seed)
    # Before anything of that size is made to try the graphs with.
    controls = tuple(checked(space, "controls") for space in controls)
    output = checked(output, "output")
    z = {space.name: _start(space, seed) for space in controls}
    decoder = runnable("decode", decode, z, {1: [MEAN]})
    graphs = Graphs(decode=_decoder_card(decoder, controls, z, output))
    encoder = None
    images = None if examples is None else _images(examples, output)
    seen = None
    if images is not None:
        seen = Seen(images, None if labels is None else index_of(labels, len(images)))
    if encode is not None:
        shown = np.full((3, *output.shape), 0.5, np.float32) if images is None else images[:3]
        names = {1: [controls[0].name], 2: [MEAN, LOG_VARIANCE]}
        encoder = runnable("encode", encode, {IMAGE: shown}, names)
        graphs = Graphs(decode=graphs.decode, encode=_encoder_card(encoder, controls, shown))
    title = title or folder.name
    card = checked(
        Card(
            family=family,
            name=folder.name,
            title=title,
            summary=_summary(family, controls),
            intent=intent,
            controls=controls,
            output=output,
            graphs=graphs,
            data=Data(
                name=title,
                source=source,
                licence=licence,
                sha256=None,
                splits={} if images is None else {SPLIT: len(images)},
                labels=None if labels is None else tuple(labels[1]),
            ),
            versions={"python": platform.python_version()}
            | {name: version(name) for name in ("torch", "onnx", "onnxruntime")},
        ),
        CARD,
    )
    files = {DECODER: decoder.content}
    if encoder is not None:
        files[ENCODER] = encoder.content
    if encoder is not None and seen is not None:
        card, more = measured(card, decoder, encoder, seen, with_map, seed)
        files |= more
    files |= preview(card, decoder)
    card = checked(card, CARD)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_bytes(folder / name, content)
    return write_card(folder, card)


def _check_given(
    decode: object, encode: object, controls: object, output: object, labels: object, seed: object
) -> None:
    """Refuse what is of another kind: a person writes this call by hand."""
    for name, network in (("decode", decode), ("encode", encode)):
        if not isinstance(network, nn.Module | str | Path) and (name, network) != ("encode", None):
            raise ConfigError(f"{name} is {network!r:.60}; give a torch.nn.Module or an ONNX file.")
    listed = controls if isinstance(controls, list | tuple) else ()
    if not listed or not all(isinstance(space, get_args(Space)) for space in listed):
        raise ConfigError(
            f"controls is {controls!r:.60}; give a list, such as "
            '[Continuous("z", 10, "standard_normal")].'
        )
    if not isinstance(output, Pixels):
        raise ConfigError(
            f'output is {output!r:.60}; give the kind of image, such as Pixels((1, 28, 28), "'
            'bernoulli").'
        )
    if len({space.name for space in listed}) < len(listed):
        raise ConfigError("Two controls have the same name; give each its own.")
    read(Seed, seed, "seed")
    if labels is not None and not (
        isinstance(labels, list | tuple) and len(labels) == 2 and isinstance(labels[1], Sequence)
    ):
        raise ConfigError(
            f"labels is {labels!r:.60}; give the index of each example's label, and their names."
        )


def _start(space: Space, seed: int) -> Array:
    """Three values of a control to try a graph with."""
    random = np.random.default_rng(seed)
    match space:
        case Continuous():
            return random.standard_normal((3, space.size)).astype(np.float32)
        case Categorical():
            return random.integers(len(space.labels), size=3)
        case CodeGrid():
            return random.integers(space.codes, size=(3, space.height, space.width))
        case Image():
            channels, height, width = space.shape
            return random.random((3, channels + 1, height, width)).astype(np.float32).round()
    raise ConfigError(
        f"The control {space.name!r} is of tokens, which a decoder does not take at once; write "
        "the folder as docs/format.md says."
    )


def _port(name: str, value: Array, role: Any, control: str | None = None) -> Port:
    dtype: Any = str(value.dtype)
    return Port(name, dtype, ("batch", *value.shape[1:]), role, control)


def _decoder_card(
    graph: Runnable, controls: tuple[Space, ...], z: dict[str, Array], output: Pixels
) -> Graph:
    image = graph.run(*z.values())[0]
    if image.shape != (3, *output.shape) or image.dtype != np.float32:
        raise CheckpointError(
            f"decode gives {image.dtype} {list(image.shape[1:])} for each code; the output is said "
            f"to be float32 {list(output.shape)}."
        )
    return Graph(
        DECODER,
        tuple(_port(space.name, z[space.name], "value", space.name) for space in controls),
        (_port(graph.outputs[0], image, "image"),),
    )


def _encoder_card(graph: Runnable, controls: tuple[Space, ...], images: Array) -> Graph:
    space = controls[0]
    found = graph.run(images)
    if not isinstance(space, Continuous):
        raise CheckpointError(
            f"encode gives codes of the first control, which is not continuous: {space.name}."
        )
    for name, value in zip(graph.outputs, found, strict=True):
        if value.shape != (len(images), space.size) or value.dtype != np.float32:
            raise CheckpointError(
                f"encode gives {name!r:.60} as {value.dtype} {list(value.shape[1:])} for each "
                f"image; the control {space.name} takes float32 [{space.size}]."
            )
    roles = ("value",) if len(found) == 1 else ("mean", "log_variance")
    return Graph(
        ENCODER,
        (_port(graph.inputs[0], images, "image"),),
        tuple(
            _port(name, value, role, space.name)
            for name, value, role in zip(graph.outputs, found, roles, strict=True)
        ),
    )


def _images(examples: Any, output: Pixels) -> Array:
    refused = f"examples is {type(examples).__name__}; give images (N, channels, height, width)."
    try:
        array = np.asarray(examples.detach().cpu() if isinstance(examples, Tensor) else examples)
    except Exception as error:  # an object of any kind raises anything
        raise ConfigError(refused) from error
    if array.dtype.kind not in "biuf":
        raise ConfigError(refused)
    if array.ndim != 4 or array.shape[1:] != output.shape or not len(array) >= 1:
        raise CheckpointError(
            f"examples have the shape {list(array.shape)}, not N × {list(output.shape)}."
        )
    if len(array) > MOST_EXAMPLES:
        raise CheckpointError(f"There are {len(array):,} examples; at most {MOST_EXAMPLES:,}.")
    images = array.astype(np.float32, copy=False)
    if not (np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1):
        raise CheckpointError("examples are not all between 0 and 1.")
    return images


def _summary(family: str, controls: tuple[Space, ...]) -> str:
    size = sum(space.size for space in controls if isinstance(space, Continuous))
    return f"{family} · {size} latents" if size else family
