"""Folders whose card vouches for every file, and that are wrong all the same.

Whoever writes a card can write its hashes too. What they cannot make true is asked of the data, of
the weights and of the graphs: each kind ends in one sentence, and the folder is left as it was.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch

from training.__main__ import main
from training.contract.card import DECODER, ENCODER, MODEL

from .test_damage import Damage, both, card, factors, model, rehash


def configuration(*path: str, value: object) -> Damage:
    return card("training", "configuration", *path, value=value)


def own(path: str) -> Damage:
    """As if it had been trained on a person's own images, which lie at `path` of this machine."""
    return both(
        configuration("data", "name", value="own"), configuration("data", "path", value=path)
    )


def scaled(by: float) -> Damage:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        for name, tensor in tensors.items():
            tensors[name] = tensor.float() * by

    return model(change)


def file(name: str, content: Callable[[Path], bytes]) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content(folder))
        rehash(folder)

    return damage


def larger(folder: Path) -> bytes:
    """Weights that are laid out as the model's, and padded to hold a larger one."""
    tensors = safetensors.torch.load_file(folder / MODEL)
    return safetensors.torch.save(tensors | {"more": torch.zeros(300_000)})


KINDS: dict[str, tuple[Damage, str, str]] = {
    "a larger image": (
        card("output", "shape", value=[1, 32, 32]),
        "embed",
        "decoder.2.bias is torch.float32 (196,); the model needs torch.float32 (256,)",
    ),
    "a larger image, to be published": (
        card("output", "shape", value=[1, 32, 32]),
        "publish",
        "card.json says images of (1, 1, 32, 32), and the decoder gives (1, 1, 28, 28)",
    ),
    "an image in colour": (
        card("output", "shape", value=[3, 28, 28]),
        "evaluate",
        "decoder.7.bias is torch.float32 (1,); the model needs torch.float32 (3,)",
    ),
    "fewer labels": (
        card("data", "labels", value=["a", "b"]),
        "evaluate",
        "card.json says labels ('a', 'b'); the digits data have",
    ),
    "no labels": (card("data", "labels", value=None), "embed", "card.json says labels None"),
    "factors in place of labels": (
        both(card("data", "labels", value=None), factors(("shape", 3))),
        "evaluate",
        "card.json says labels None",
    ),
    "weights of which numbers overflow": (scaled(1e30), "evaluate", "NaN or infinite"),
    "weights whose codes overflow": (scaled(1e10), "embed", "of some examples is NaN or infinity"),
    "weights whose loss is NaN": (scaled(1e4), "evaluate", "−ELBO is nan on the test images"),
    "weights for a larger model": (
        both(configuration("model", "hidden", value=[200]), file(MODEL, larger)),
        "evaluate",
        "the model needs torch.float32",
    ),
    "words in the place of images": (
        configuration("data", "name", value="names"),
        "evaluate",
        "This model learns images, and these data are words",
    ),
    "another data set": (
        configuration("data", "name", value="sprites"),
        "evaluate",
        "are not those digits was trained on (their SHA-256 differs)",
    ),
    "images of a device": (own("/dev/zero"), "embed", "/dev/zero is not a regular file"),
    "images that are this machine's": (
        own("/proc/self/mem"),
        "evaluate",
        "mem is neither a folder nor a .zip",
    ),
    "images that would be fetched": (own("torchvision:KMNIST"), "embed", "KMNIST is not here"),
    "another family": (
        configuration("model", "family", value="hierarchical"),
        "evaluate",
        "configuration: ",
    ),
    "a network beyond its weights": (
        configuration("model", "hidden", value=[16] * 100),
        "evaluate",
        "bytes of model.safetensors do not hold them",
    ),
    "a decoder that is not a graph": (
        file(DECODER, lambda folder: b"not a graph"),
        "publish",
        "do not run in a fresh copy",
    ),
    "the encoder in the decoder's place": (
        file(DECODER, lambda folder: (folder / ENCODER).read_bytes()),
        "publish",
        "do not run in a fresh copy",
    ),
}


@pytest.mark.parametrize(("damage", "command", "expected"), KINDS.values(), ids=list(KINDS))
def test_what_fits_its_hashes_and_nothing_else_is_a_sentence(
    damage: Damage,
    command: str,
    expected: str,
    folder: Path,
    data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    capsys.readouterr()
    words = {
        "evaluate": ["--data", str(data)],
        "embed": ["--data", str(data), "--no-map"],
        "publish": ["--out", str(folder.parent / "out")],
    }
    assert main([command, str(folder), *words[command]]) == 2
    *_, said = capsys.readouterr().err.replace("\r", "\n").splitlines()
    assert said.startswith("error: ")
    assert said.endswith(".")
    assert expected in said
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not (folder.parent / "out").exists()


def test_a_folder_that_is_whole_is_measured(folder: Path, data: Path) -> None:
    """What the tests above ask of damaged ones is not asked of everything."""
    whole = json.loads((folder / "card.json").read_bytes())
    assert main(["publish", str(folder), "--out", str(folder.parent / "out")]) == 0
    assert main(["evaluate", str(folder), "--data", str(data)]) == 0
    assert json.loads((folder / "card.json").read_bytes())["metrics"] == whole["metrics"]
