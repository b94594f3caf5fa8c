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
from training.importing.found import Found, Said
from training.importing.network import found_in
from training.importing.weights import digest, read_weights

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
    what = f"Lightning {rest[LIGHTNING]}" if LIGHTNING in rest else "PyTorch"
    origin = f"{what}, {said.network} ({path.name}, SHA-256 {digest(path)})"
    return found_in(network, said.network, origin, said, left)


def _class(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise CheckpointError(f"--class got {name!r:.60}; it takes module:Class, like my_vae:Vae.")
    print(f"This runs the code of {module} and of what it imports.", file=sys.stderr)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # somebody else's code
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
    except Exception as error:  # somebody else's code
        raise CheckpointError(
            f"{said.network} could not be made with {arguments or 'no arguments'}: "
            f"{type(error).__name__}: {error}. Give what it takes with --args."
        ) from error
    if not isinstance(network, nn.Module):
        raise CheckpointError(f"{said.network} is not a torch.nn.Module.")
    return network


def _fits(network: nn.Module, key: str, value: torch.Tensor, path: Path) -> bool:
    wanted = network.state_dict().get(key)
    if wanted is not None and wanted.shape != value.shape:
        raise CheckpointError(
            f"{path.name}: {key} has the shape {list(value.shape)}; the class makes "
            f"{list(wanted.shape)}. Give the --args that it was trained with."
        )
    return True
