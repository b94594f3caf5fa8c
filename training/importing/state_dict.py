"""A state dict or a Lightning checkpoint, with the class that its weights belong to."""

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.errors import CheckpointError
from training.importing.found import Found, Said, Shape
from training.importing.modules import Decode, Encode, function_of, posterior
from training.importing.weights import digest, read_weights

DECODERS, ENCODERS = ("decode", "decoder"), ("encode", "encoder")
LIGHTNING = "pytorch-lightning_version"


def read(path: Path, said: Said) -> Found:
    """The model whose weights a file holds; runs the code of its class.

    Raises:
        CheckpointError: if class and weights do not fit, or the class decodes nothing.
    """
    if said.network is None:
        raise CheckpointError(
            f"{path.name} holds weights, not how they are used: give --class module:Class, the "
            "class whose state_dict() they are."
        )
    tensors, rest = read_weights(path)
    kind = _class(said.network)
    network = _made(kind, said, rest.get("hyper_parameters"))
    missing, unexpected = network.load_state_dict(
        {key: value for key, value in tensors.items() if _fits(network, key, value, path)},
        strict=False,
    )
    if missing:
        raise CheckpointError(
            f"{path.name} lacks {len(missing)} weights of {said.network}, such as {missing[0]}: "
            "give the class and the --args that it was trained with."
        )
    left = []
    if unexpected:
        left.append(f"{len(unexpected)} weights that {said.network} does not have: {unexpected[0]}")
    network = network.eval().requires_grad_(False)
    decode, encode = function_of(network, DECODERS), function_of(network, ENCODERS)
    if decode is None:
        raise CheckpointError(
            f"{said.network} has no method or part decode or decoder, which takes codes (B, D)."
        )
    if encode is None:
        left.append(f"no encoder: {said.network} has no method or part encode or encoder")
    values = said.values or "unit"
    shape = _shape(said)
    encoder = None if encode is None else Encode(network, encode, values)
    size, has_posterior = _latents(encoder, shape, said)
    what = f"Lightning {rest[LIGHTNING]}" if LIGHTNING in rest else "PyTorch"
    return Found(
        Decode(network, decode, shape, values),
        encoder,
        shape,
        size,
        prior=has_posterior,
        likelihood="bernoulli" if values == "logits" else None,
        sigma=None,
        family="vae" if has_posterior else "autoencoder",
        origin=f"{what}, {said.network} ({path.name}, SHA-256 {digest(path)})",
        left=tuple(left),
    )


def _class(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise CheckpointError(f"--class got {name!r:.60}; it takes module:Class, like my_vae:Vae.")
    print(f"This runs the code of {module} and of what it imports.", file=sys.stderr)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # code of anybody
        raise CheckpointError(
            f"{name} could not be imported from here: {type(error).__name__}: {error}"
        ) from error
    if not callable(found):
        raise CheckpointError(f"{name} is a {type(found).__name__}, not a class.")
    return found


def _made(kind: Any, said: Said, saved: Any) -> nn.Module:
    """An object of the class, made with `--args` or with what Lightning kept of its arguments."""
    arguments: dict[str, Any] = {}
    if said.arguments is not None:
        try:
            arguments = dict(json.loads(said.arguments))
        except (ValueError, TypeError) as error:
            raise CheckpointError(
                f"--args got {said.arguments!r:.60}; it takes a JSON object, like "
                "'{\"latent_dim\": 10}'."
            ) from error
    elif isinstance(saved, dict):
        taken = inspect.signature(kind).parameters.values()
        every = any(one.kind is one.VAR_KEYWORD for one in taken)
        names = {one.name for one in taken}
        arguments = {name: value for name, value in saved.items() if every or name in names}
    try:
        network = kind(**arguments)
    except Exception as error:  # code of anybody
        raise CheckpointError(
            f"{said.network} could not be made with {arguments or 'no arguments'}: "
            f"{type(error).__name__}: {error}. Give what it takes with --args."
        ) from error
    if not isinstance(network, nn.Module):
        raise CheckpointError(f"{said.network} is no torch.nn.Module.")
    return network


def _fits(network: nn.Module, key: str, value: torch.Tensor, path: Path) -> bool:
    wanted = network.state_dict().get(key)
    if wanted is not None and wanted.shape != value.shape:
        raise CheckpointError(
            f"{path.name}: {key} has the shape {list(value.shape)}; the class makes "
            f"{list(wanted.shape)}. Give the --args that it was trained with."
        )
    return True


def _shape(said: Said) -> Shape:
    if said.shape is not None:
        return said.shape
    if said.images is not None:
        channels, height, width = said.images.shape[1:]
        return channels, height, width
    raise CheckpointError(
        "Nothing says what size the images are: give --shape 1,28,28 (channels, height, width) or "
        "--images FOLDER."
    )


@torch.no_grad()
def _latents(encoder: Encode | None, shape: Shape, said: Said) -> tuple[int, bool]:
    """How many latents there are, and whether the encoder gives a posterior."""
    if encoder is None:
        if said.latents is None:
            raise CheckpointError("Without an encoder, give --latents: how many there are.")
        return said.latents, said.prior == "normal"
    try:
        found = encoder(torch.full((2, *shape), 0.5))
    except CheckpointError:
        raise
    except Exception as error:  # code of anybody
        raise CheckpointError(
            f"The encoder does not take images of {'×'.join(map(str, shape))}: {error}"
        ) from error
    parts = posterior(found)
    mean = parts[0] if isinstance(parts, tuple) else parts
    if mean.ndim != 2:
        raise CheckpointError(
            f"The encoder gives codes of the shape {list(mean.shape[1:])} for each image; a row of "
            "numbers is moved by sliders. Let encode and decode flatten them."
        )
    return mean.shape[1], isinstance(parts, tuple)
