"""What a foreign folder says of its model, within bounds: anybody may have written it."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.contract.errors import ConfigError
from training.contract.outputs import Pixels
from training.contract.reading import checked, parse
from training.errors import CheckpointError
from training.importing.found import Shape

LARGEST = 2**20  # bytes of a configuration; theirs have some hundreds


def configuration(path: Path) -> dict[str, Any]:
    """A file of JSON that holds one object.

    Raises:
        CheckpointError: if it does not.
    """
    where = f"{path.parent.name}/{path.name}"
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise CheckpointError(f"{where} has more than {LARGEST:,} bytes: it configures no model.")
    try:
        tree = parse(content, where)
    except (ConfigError, RecursionError) as error:
        raise CheckpointError(f"{where} is not readable JSON.") from error
    if not isinstance(tree, dict):
        raise CheckpointError(f"{where} is not readable JSON: it holds no object.")
    return tree


def image(shape: Shape, where: str) -> Shape:
    """The size of images that can be shown.

    Raises:
        CheckpointError: if it is none.
    """
    try:
        return checked(Pixels(shape), where).shape
    except ValueError as error:
        raise CheckpointError(
            f"{where}: {'×'.join(map(str, shape))} is not an image size that can be shown; give "
            "--shape 1,28,28 (channels, height, width)."
        ) from error


def filled(kind: Any, arguments: tuple[Any, ...], tensors: dict[str, Tensor], path: Path) -> Any:
    """A network of that kind with these weights, built only if they are all there.

    Raises:
        CheckpointError: if a weight is missing or has another shape.
    """
    try:
        with torch.device("meta"):
            blueprint: nn.Module = kind(*arguments)
    except (RuntimeError, ValueError, OverflowError, TypeError) as error:
        raise CheckpointError(
            f"{path.parent.name} describes a network that cannot be built: "
            f"{' '.join(str(error).split()):.150}."
        ) from error
    wanted = blueprint.state_dict()
    for key, weight in wanted.items():
        if key not in tensors or tensors[key].shape != weight.shape:
            found = f"has the shape {list(tensors[key].shape)}" if key in tensors else "is missing"
            raise CheckpointError(
                f"{path.parent.name}/{path.name}: {key} {found}; the network that is described "
                f"needs {list(weight.shape)}: copy both from one place."
            )
    network: nn.Module = kind(*arguments)
    network.load_state_dict({key: tensors[key] for key in wanted})
    return network
