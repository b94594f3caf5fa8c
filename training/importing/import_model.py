"""Takes a foreign model over: recognises what a path holds, and writes the checkpoint folder."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

import training
from training.contract.card import CARD, DECODER, Card
from training.contract.fields import MOST_LATENTS
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous
from training.errors import CheckpointError, UserError
from training.importing import diffusers, images, onnx_pair, pythae, state_dict
from training.importing.described import image
from training.importing.found import Found, Said
from training.importing.weights import WEIGHTS

SLACK = 1e-3  # how far outside [0, 1] a decoder's values may be by rounding


def import_model(
    path: Path,
    folder: Path,
    said: Said,
    pictures: Path | None = None,
    title: str | None = None,
    source: str = "not said",
    licence: str = "not said",
    with_map: bool = True,
) -> tuple[Card, tuple[str, ...]]:
    """Write the model that `path` holds into `folder`, and measure it with the pictures.

    Returns:
        The card, and what was not taken over, each in a sentence.

    Raises:
        UserError: if it cannot be taken over; then nothing is written.
    """
    if (folder / CARD).exists():
        raise CheckpointError(f"{folder} holds a checkpoint; give another --out.")
    if said.shape is not None:
        image(said.shape, "--shape")
    shown = None
    if pictures is not None and pictures.suffix == ".npz":
        shown = images.read(pictures, said.shape)
        said = replace(said, images=shown.images)
    elif pictures is not None and (known := _shape_before(path, said, pictures)) is not None:
        shown = images.read(pictures, known)
        said = replace(said, images=shown.images)
    found = read(path, said)
    if pictures is not None and shown is None:
        shown = images.read(pictures, found.shape)
    if found.size > MOST_LATENTS:
        raise CheckpointError(
            f"The model has {found.size:,} latents; at most {MOST_LATENTS:,} are moved by sliders."
        )
    _check_values(found)
    left = list(found.left)
    if shown is None:
        left.append("images for map, codes and reconstructions: give them with --images FOLDER")
    elif found.encode is None:
        left.append("your images: without an encoder they have no codes")
    elif shown.skipped:
        left.append(f"{len(shown.skipped)} unreadable images, such as {shown.skipped[0]:.80}")
    prior = found.prior if said.prior is None else said.prior == "normal"
    likelihood = found.likelihood if said.likelihood is None else said.likelihood
    likelihood = None if likelihood == "none" else likelihood
    sigma = found.sigma if said.likelihood is None else None
    try:
        card = training.save(
            folder,
            decode=found.decode,
            encode=found.encode,
            controls=[Continuous("z", found.size, "standard_normal" if prior else None)],
            output=Pixels(found.shape, likelihood, sigma),
            examples=None if shown is None else shown.images,
            labels=None if shown is None else shown.labels,
            family=found.family,
            title=title or path.stem.replace("_", " "),
            intent=_intent(found, left),
            source=source,
            licence=licence,
            with_map=with_map,
        )
    except (UserError, OSError):
        raise
    except Exception as error:  # the exporter's errors have no class in common
        raise CheckpointError(
            f"The network could not be written as ONNX: {' '.join(str(error).split())[:200]}. "
            "Export it yourself and import the pair of ONNX files."
        ) from error
    return card, tuple(left)


def read(path: Path, said: Said) -> Found:
    """The model that a path holds, whatever wrote it.

    Raises:
        CheckpointError: if that is nothing which is taken over, or not as it should be.
    """
    if not path.exists():
        raise CheckpointError(f"There is no file or folder {path}.")
    if path.is_file():
        if path.suffix == ".onnx":
            return onnx_pair.read(path, said)
        if path.suffix in WEIGHTS:
            return state_dict.read(path, said)
        raise CheckpointError(
            f"{path.name} is not a model that can be imported: those are {', '.join(WEIGHTS)} and "
            ".onnx files, and folders of pythae and diffusers."
        )
    if (place := pythae.holds(path)) is not None:
        if said.network is not None:
            return state_dict.read(place / pythae.MODEL, said)
        return pythae.read(place, said)
    if (place := diffusers.holds(path)) is not None:
        return diffusers.read(place, said)
    if (path / DECODER).is_file():
        return onnx_pair.read(path, said)
    files = sorted(file for file in path.iterdir() if file.suffix in WEIGHTS)
    if len(files) == 1:
        return state_dict.read(files[0], said)
    what = f"{len(files)} files of weights: name one" if files else "no model of a known kind"
    raise CheckpointError(
        f"{path} holds {what}. Folders of pythae (model_config.json), of diffusers (config.json) "
        "and with a decoder.onnx can be imported."
    )


@torch.no_grad()
def _check_values(found: Found) -> None:
    """Refuse a decoder whose values are not those of images; a graph is looked at by `save`."""
    if not isinstance(found.decode, nn.Module):
        return
    z = torch.randn(8, found.size, generator=torch.Generator().manual_seed(0))
    try:
        images = found.decode.eval()(z)
    except UserError:
        raise
    except Exception as error:  # somebody else's code
        raise CheckpointError(
            f"The decoder does not take {found.size} latents and give images of "
            f"{'×'.join(map(str, found.shape))}: {' '.join(str(error).split())[:200]}."
        ) from error
    low, high = float(images.min()), float(images.max())
    if not images.isfinite().all():
        raise CheckpointError(
            "The decoder gives NaN or infinity: its weights have not been trained."
        )
    if low < -SLACK or high > 1 + SLACK:
        raise CheckpointError(
            f"The decoder gives values from {low:.2f} to {high:.2f}; images are in [0, 1]. Give "
            "--values logits if a sigmoid is still to come, --values signed if they are in "
            "[−1, 1], or --values clip to cut off what is outside."
        )


def _shape_before(path: Path, said: Said, pictures: Path) -> tuple[int, int, int] | None:
    """The size of the images, where the pictures are needed before the model is read."""
    place = diffusers.holds(path) if path.is_dir() else None
    if place is not None:
        return diffusers.image_shape(place, said)
    if said.shape is None and said.network is not None:  # a class does not say it
        return images.common_shape(pictures)
    return said.shape


def _intent(found: Found, left: list[str]) -> str:
    """Where the model comes from and what it came without, as the card says it."""
    text = f"Imported from {found.origin}."
    text += "".join(f" {note}" for note in found.notes)
    if left:
        text += f" Not imported: {'; '.join(sentence.rstrip('.') for sentence in left)}."
    return text[:1000]
