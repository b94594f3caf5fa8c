"""A network that decodes, and perhaps encodes, as a model to take over."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor, nn

import training
from training.contract.card import Card
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous
from training.errors import CheckpointError
from training.importing.found import Found, Said, Shape, Values
from training.importing.modules import Decode, Encode, function_of, posterior

DECODERS, ENCODERS = ("decode", "decoder"), ("encode", "encoder")


def found_in(
    network: nn.Module, name: str, origin: str, said: Said, left: Sequence[str] = ()
) -> Found:
    """What a network can do, by the names of its methods and parts.

    Raises:
        CheckpointError: if it decodes nothing, or not what was said.
    """
    network = network.eval().requires_grad_(False)
    missing = []
    decode, encode = function_of(network, DECODERS), function_of(network, ENCODERS)
    if decode is None:
        raise CheckpointError(
            f"{name} has no method or part decode or decoder, which takes codes (B, D)."
        )
    if encode is None:
        missing.append(f"no encoder: {name} has no method or part encode or encoder")
    values = said.values or "unit"
    shape = _shape(said)
    encoder = None if encode is None else Encode(network, encode, values)
    size, has_posterior = _latents(encoder, shape, said)
    return Found(
        Decode(network, decode, shape, values),
        encoder,
        shape,
        size,
        prior=has_posterior,
        likelihood="bernoulli" if values == "logits" else None,
        sigma=None,
        family="vae" if has_posterior else "autoencoder",
        origin=origin,
        left=(*left, *missing),
    )


def checkpoint_of(
    folder: Path,
    network: nn.Module,
    images: Any,
    labels: tuple[Any, Sequence[str]] | None,
    latents: int | None,
    shape: Shape | None,
    values: str,
    title: str,
    with_map: bool,
) -> Card:
    """Write a checkpoint of a network in memory, which stays as it is.

    Raises:
        CheckpointError: if it cannot be shown.
    """
    if values not in get_args(Values):
        raise CheckpointError(f"values is {values!r:.40}; it is {', '.join(get_args(Values))}.")
    if isinstance(images, Tensor):
        images = images.detach().cpu().numpy()
    if images is not None:
        images = np.asarray(images, np.float32)
    said = Said(images=images, latents=latents, shape=shape, values=values)  # type: ignore[arg-type]
    name = type(network).__name__
    found = found_in(copy.deepcopy(network).cpu(), name, f"a notebook, {name}", said)
    return training.save(
        folder,
        decode=found.decode,
        encode=found.encode,
        controls=[Continuous("z", found.size, "standard_normal" if found.prior else None)],
        output=Pixels(found.shape, found.likelihood),
        examples=images if found.encode is not None else None,
        labels=labels if images is not None and found.encode is not None else None,
        family=found.family,
        title=title,
        intent=f"Shown from {found.origin}.",
        with_map=with_map,
    )


def _shape(said: Said) -> Shape:
    if said.shape is not None:
        return said.shape
    if said.images is not None:
        channels, height, width = said.images.shape[1:]
        return channels, height, width
    raise CheckpointError(
        "Nothing says what size the images are: give --shape 1,28,28 (channels, height, width), or "
        "--images that are all of that size."
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
    except Exception as error:  # somebody else's code
        raise CheckpointError(
            f"The encoder does not take images of {'×'.join(map(str, shape))} "
            f"({' '.join(str(error).split()):.200}); if it takes others, give their shape."
        ) from error
    parts = posterior(found)
    mean = parts[0] if isinstance(parts, tuple) else parts
    if mean.ndim != 2:
        raise CheckpointError(
            f"The encoder gives codes of the shape {list(mean.shape[1:])} for each image; a row of "
            "numbers is moved by sliders. Let encode and decode flatten them."
        )
    return mean.shape[1], isinstance(parts, tuple)
