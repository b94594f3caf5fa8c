"""Damaged and hostile checkpoint folders: each is refused in one sentence that names the file."""

import hashlib
import json
import os
import pickle
import shutil
import signal
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from training.__main__ import main
from training.checkpoints import checkpoint
from training.contract.card import CARD, CODES, DECODER, ENCODER, MODEL, File
from training.contract.files import LARGEST_CARD, LARGEST_FILE, describe_files, read_card
from training.contract.version1 import FILES
from training.errors import CheckpointError

Damage = Callable[[Path], object]


@pytest.fixture(autouse=True)
def _no_hanging() -> Iterator[None]:
    """Reading from a pipe that nobody writes to would otherwise wait for ever."""
    signal.alarm(120)
    yield
    signal.alarm(0)


def rehash(folder: Path) -> None:
    """Make the card vouch for the files as they are, so that deeper checks are reached."""
    tree = json.loads((folder / CARD).read_text())
    for name in FILES:
        content = (folder / name).read_bytes()
        tree["files"][name] = {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    (folder / CARD).write_text(json.dumps(tree))


def missing(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def truncated(name: str) -> Damage:
    return lambda folder: os.truncate(folder / name, (folder / name).stat().st_size // 2)


def oversized(name: str, size: int) -> Damage:
    return lambda folder: os.truncate(folder / name, size)  # sparse: it takes no space


def flipped(name: str) -> Damage:
    def damage(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return damage


def a_folder(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def a_pipe(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return damage


def a_link(name: str, target: str) -> Damage:
    """The file itself moves beside the folder, so that a link there would find it."""

    def damage(folder: Path) -> None:
        shutil.move(folder / name, folder.parent / name)
        (folder / name).symlink_to(target)

    return damage


def model(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    def damage(folder: Path) -> None:
        tensors = safetensors.torch.load_file(folder / MODEL)
        change(tensors)
        (folder / MODEL).write_bytes(safetensors.torch.save(tensors))
        rehash(folder)

    return damage


def model_bytes(change: Callable[[bytes], bytes]) -> Damage:
    def damage(folder: Path) -> None:
        (folder / MODEL).write_bytes(change((folder / MODEL).read_bytes()))
        rehash(folder)

    return damage


def model_header(change: Callable[[dict[str, Any]], object]) -> Damage:
    def rewrite(content: bytes) -> bytes:
        length = int.from_bytes(content[:8], "little")
        tree = json.loads(content[8 : 8 + length])
        text = change(tree)
        header = text.encode() if isinstance(text, str) else json.dumps(tree).encode()
        return len(header).to_bytes(8, "little") + header + content[8 + length :]

    return model_bytes(rewrite)


class Payload:
    """Unpickling it creates a file: proof that code ran."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def a_pickle(protocol: int) -> Damage:
    def damage(folder: Path) -> None:
        payload = Payload(folder.parent / "code ran")
        (folder / MODEL).write_bytes(pickle.dumps(payload, protocol) + bytes(50_000))
        rehash(folder)

    return damage


def a_torch_archive(folder: Path) -> None:
    with zipfile.ZipFile(folder / MODEL, "w") as archive:
        payload = Payload(folder.parent / "code ran")
        archive.writestr("archive/data.pkl", pickle.dumps(payload))
        archive.writestr("archive/data/0", bytes(50_000))
    rehash(folder)


def card_bytes(content: bytes) -> Damage:
    return lambda folder: (folder / CARD).write_bytes(content)


def card(*path: str | int, value: object) -> Damage:
    """Set, or with `...` remove, what is at `path`."""

    def damage(folder: Path) -> None:
        tree = json.loads((folder / CARD).read_text())
        node = tree
        for key in path[:-1]:
            node = node[key]
        if value is ...:
            del node[path[-1]]
        else:
            node[path[-1]] = value
        (folder / CARD).write_text(json.dumps(tree))

    return damage


def factors(*named: tuple[str, int]) -> Damage:
    return card(
        "data",
        "factors",
        value=[{"name": name, "size": size, "kind": "ordered"} for name, size in named],
    )


A_SPACE = {"kind": "continuous", "name": "z", "size": 3, "prior": "standard_normal"}
A_GRID = {"kind": "code_grid", "name": "codes", "height": 7, "width": 7, "codes": 512}
WHERE: dict[str, Any] = {"split": "validation", "samples": 50, "how": "Made by hand."}
A_MAP: dict[str, Any] = {
    "latents": [0, 2],
    "umap": {"n_neighbors": 15, "min_dist": 0.1, "seed": 0},
    "pca": {"mean": [0, 0, 1], "axes": [[1, 0, 0], [0, 1, 0]], "explained": [0.6, 0.3]},
    "nearest": {"median": 1, "p95": 2, "p99": 3, **WHERE},
    "metrics": [{"name": "m", "label": "M", "value": 1, "unit": "of 1", "seed": 0, **WHERE}],
}


def a_map(*path: str | int, value: object) -> Damage:
    """Give the card a map, and set, or with `...` remove, what is at `path` of it."""

    def damage(folder: Path) -> None:
        card("map", value=A_MAP)(folder)
        if path:
            card("map", *path, value=value)(folder)

    return damage


def card_text(before: str, after: str) -> Damage:
    def damage(folder: Path) -> None:
        text = (folder / CARD).read_text()
        assert before in text
        (folder / CARD).write_text(text.replace(before, after, 1))

    return damage


def both(*damages: Damage) -> Damage:
    return lambda folder: [damage(folder) for damage in damages]


FIRST = "decoder.0.weight"


def overlap(header: dict[str, Any]) -> None:
    header["decoder.5.weight"]["data_offsets"] = header["decoder.0.weight"]["data_offsets"]


def twice(header: dict[str, Any]) -> str:
    entry = json.dumps(header[FIRST] | {"data_offsets": [0, 192]})
    return json.dumps(header)[:-1] + f', "{FIRST}": {entry}}}'


def beyond(header: dict[str, Any]) -> None:
    header[FIRST]["data_offsets"][1] += 2**40


FILE_DAMAGES: dict[str, tuple[Damage, str]] = {
    **{f"{name} missing": (missing(name), name) for name in FILES},
    **{f"{name} cut short": (truncated(name), name) for name in FILES},
    **{f"{name} with one bit changed": (flipped(name), name) for name in FILES},
    **{
        f"{name} too large": (oversized(name, LARGEST_FILE + 1), f"{name} has 1,073,741,825 bytes")
        for name in FILES
    },
    **{f"{name} a folder": (a_folder(name), name) for name in FILES},
    **{f"{name} a pipe": (a_pipe(name), f"{name} is not a regular file") for name in FILES},
    **{
        f"{name} a link out of the folder": (a_link(name, f"../{name}"), f"{name} leads out")
        for name in FILES
    },
    "a link to nothing": (a_link(MODEL, "nothing"), MODEL),
    "a link to itself": (a_link(MODEL, MODEL), MODEL),
    "an endless file": (a_link(CODES, "/dev/zero"), f"{CODES} leads out"),
}

WEIGHT_DAMAGES: dict[str, tuple[Damage, str]] = {
    "empty": (model_bytes(lambda _: b""), f"0 bytes of {MODEL} do not hold them"),
    "seven bytes": (model_bytes(lambda c: c[:7]), f"7 bytes of {MODEL} do not hold them"),
    "only zeros": (model_bytes(lambda c: bytes(len(c))), "is not a whole safetensors file"),
    "one byte more": (model_bytes(lambda c: c + b"\0"), "is not a whole safetensors file"),
    "one byte less": (model_bytes(lambda c: c[:-1]), "is not a whole safetensors file"),
    "header of a terabyte": (
        model_bytes(lambda c: (2**40).to_bytes(8, "little") + c[8:]),
        "is not a whole safetensors file",
    ),
    "header of 2⁶⁴ − 1 bytes": (
        model_bytes(lambda c: b"\xff" * 8 + c[8:]),
        "is not a whole safetensors file",
    ),
    "header that is not JSON": (
        model_header(lambda _: "{weights: please}"),
        "is not a whole safetensors file",
    ),
    "header that is a list": (model_header(lambda _: "[1, 2]"), "is not a whole safetensors file"),
    "header nested deeply": (
        model_header(lambda _: '{"a":' * 50_000),
        "is not a whole safetensors file",
    ),
    "overlapping tensors": (model_header(overlap), "is not a whole safetensors file"),
    "a tensor twice": (model_header(twice), "is not a whole safetensors file"),
    "a tensor beyond the end": (model_header(beyond), "is not a whole safetensors file"),
    "a hole": (model_header(lambda h: h.pop(FIRST)), "is not a whole safetensors file"),
    "a tensor of a strange type": (
        model_header(lambda h: h[FIRST].update(dtype="Q1")),
        "is not a whole safetensors file",
    ),
    "a name of a megabyte": (
        model_header(lambda h: h.update({"x\n" * 500_000: h.pop(FIRST)})),
        MODEL,
    ),
    "a name over lines": (
        model(lambda t: t.update({"x\ny": t.pop(FIRST)})),
        f"{MODEL} lacks the weights '{FIRST}'",
    ),
    "a tensor less": (model(lambda t: t.pop(FIRST)), f"{MODEL} lacks the weights '{FIRST}'"),
    "a tensor more": (
        model(lambda t: t.update({"x\ny": torch.zeros(1)})),
        f"{MODEL} has weights 'x\\ny' that the model does not have",
    ),
    "another shape": (
        model(lambda t: t.update({FIRST: t[FIRST].T.contiguous()})),
        f"{MODEL}: {FIRST} is torch.float32 (3, 16); the model needs torch.float32 (16, 3)",
    ),
    "a scalar": (model(lambda t: t.update({FIRST: torch.tensor(1.0)})), f"{FIRST} is"),
    "NaN": (model(lambda t: t[FIRST].view(-1)[-1].fill_(torch.nan)), f"{FIRST} holds NaN or inf"),
    "infinity": (model(lambda t: t[FIRST][0, 0].fill_(-torch.inf)), f"{FIRST} holds NaN or inf"),
    **{
        f"weights of {dtype}": (
            model(lambda t, dtype=dtype: t.update({FIRST: t[FIRST].to(dtype)})),  # type: ignore[misc]
            f"{FIRST} is {dtype} (16, 3); the model needs torch.float32 (16, 3)",
        )
        for dtype in (torch.int32, torch.float64, torch.float8_e4m3fn)
    },
    **{f"a pickle, protocol {n}": (a_pickle(n), MODEL) for n in range(6)},
    "a torch archive": (a_torch_archive, f"{MODEL} is a pickle"),
}

DEEP = b'{"version": 2, "name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
ONE_EXAMPLE = {"count": 1, "columns": 1, "split": "test", "how": "Made by hand."}
LARGE = f"{CARD} has {LARGEST_CARD + 1:,} bytes; at most"

CARD_DAMAGES: dict[str, tuple[Damage, str]] = {
    "missing": (missing(CARD), f"has no {CARD}"),
    "a folder": (a_folder(CARD), f"{CARD} is not a regular file"),
    "a pipe": (a_pipe(CARD), f"{CARD} is not a regular file"),
    "a link out of the folder": (a_link(CARD, f"../{CARD}"), f"{CARD} leads out"),
    "a link to itself": (a_link(CARD, CARD), CARD),
    "too large": (oversized(CARD, LARGEST_CARD + 1), LARGE),
    "cut short": (truncated(CARD), f"{CARD} is not readable JSON"),
    "empty": (card_bytes(b""), f"{CARD} is not readable JSON"),
    "not UTF-8": (card_bytes(b'{"version": 1, "name": "\xff\xfe"}'), "is not readable JSON"),
    "nested deeply": (card_bytes(DEEP), f"{CARD} is not readable JSON: it is nested too deeply"),
    "a list": (card_bytes(b"[]"), f"{CARD} is []; expected an object"),
    "a number": (card_bytes(b"1"), f"{CARD} is 1; expected an object"),
    "null": (card_bytes(b"null"), f"{CARD} is null; expected an object"),
    "of version 99": (
        card("version", value=99),
        f"{CARD} has version 99, this program reads 1 and 2",
    ),
    "without version": (card("version", value=...), f"{CARD} lacks the field 'version'"),
    "of version null": (card("version", value=None), "has version null"),
    "of version '1'": (card("version", value="1"), f"{CARD} has version '1'"),
    "of version true": (card("version", value=True), "has version true"),
    "of version 10⁴⁰⁰": (card("version", value=10**400), f"{CARD} has version 1000"),
    "with NaN": (card("metrics", 0, "value", value=float("nan")), "it holds NaN"),
    "with infinity": (card("metrics", 0, "value", value=float("inf")), "it holds Infinity"),
    "with 1e400": (
        card_text('"history":', '"seconds": 1e400, "history":'),
        "training.seconds is inf; expected a finite number of at least 0.",
    ),
    "with 10⁴⁰⁰ for a real": (
        card("metrics", 0, "value", value=10**400),
        "metrics[0].value is too large; expected a finite number.",
    ),
    "with 10⁴⁰⁰ for a whole": (card("training", "images", value=10**400), "images is too large"),
    "with 5000 digits": (card_text('"history":', '"images": ' + "9" * 5000 + ', "history":'), CARD),
    "with a file of 10⁴⁰⁰ bytes": (card("files", MODEL, "bytes", value=10**400), "is too large"),
    "with text for a number": (
        card("training", "seconds", value="1\n2"),
        r"training.seconds is '1\n2'; expected a finite number of",
    ),
    "with a number for text": (card("title", value=7), "title is 7; expected printable text"),
    "with null for text": (card("title", value=None), "title is null; expected printable text"),
    "with true for a number": (card("examples", "count", value=True), "count is true; expected a"),
    "with a list for an object": (card("output", value=[]), "output is []; expected an object"),
    "with an object for a list": (card("latents", value={}), "latents is {}; expected a list"),
    "without a field": (card("summary", value=...), "lacks the field 'summary'"),
    "with a field more": (card("sumary", value=""), "unknown field 'sumary'; did you mean"),
    "with a field named in lines": (card("x\ny", value=""), r"unknown field 'x\ny'; known: "),
    "with a split named in lines": (card("data", "splits", "x\ny", value=""), r"splits['x\ny']"),
    "with a huge text": (card("output", "shape", value="x" * 10**6), "output.shape is 'xxx"),
    "listing ../x": (
        card("files", "../x", value={"bytes": 1, "sha256": ""}),
        "files['../x'] is '../x'; expected a file name",
    ),
    "listing /x": (
        card("files", "/x", value={"bytes": 1, "sha256": ""}),
        "files['/x'] is '/x'; expected a file name",
    ),
    "listing itself": (
        card("files", CARD, value={"bytes": 1, "sha256": "0" * 64}),
        "lists the file 'card.json'",
    ),
    "not listing a file": (card("files", ENCODER, value=...), f"does not list {ENCODER}"),
    "of another file": (card("files", DECODER, "sha256", value="0" * 64), f"{DECODER} is not the"),
    "of controls unknown": (
        card("controls", 0, "kind", value="knobs"),
        "controls[0].kind is 'knobs'; choose one of",
    ),
    "of 10⁹ controls": (
        card("controls", 0, "size", value=10**9),
        "controls[0].size is 1000000000; expected a",
    ),
    "of 10⁹ latents": (
        card("training", "configuration", "model", "latents", value=10**9),
        "configuration: model.latents is 1000000000; expected a whole number from 1 to 1,024",
    ),
    "of −1 latents": (
        card("training", "configuration", "model", "latents", value=-1),
        "model.latents is -1",
    ),
    "of 10⁹ units": (
        card("training", "configuration", "model", "hidden", value=[10**9]),
        "describes a model of",
    ),
    "of 2⁵³ units": (
        card("training", "configuration", "model", "hidden", value=[2**53] * 2),
        "describes a model",
    ),
    "of 2⁵³ channels": (
        card("training", "configuration", "model", "channels", value=[2**53] * 2),
        "describes a mod",
    ),
    "of 10⁵ layers": (
        card("training", "configuration", "model", "hidden", value=[1] * 10**5),
        "configuration: model.hidden has 100,000 entries; it takes 1 to 100",
    ),
    "of 10⁵ halvings": (
        card("training", "configuration", "model", "channels", value=[1] * 10**5),
        "configuration: model.channels has 100,000 entries; it takes 0 to 100",
    ),
    "of three halvings": (
        card("training", "configuration", "model", "channels", value=[4] * 3),
        "cannot be halved",
    ),
    "of other layers": (
        card("training", "configuration", "model", "channels", value=[3, 3]),
        f"{MODEL}: ",
    ),
    "of a flat image": (
        card("output", "shape", value=[1, 28]),
        "output.shape has 2 entries; it takes 3.",
    ),
    "of no image": (card("output", "shape", value=[0, 0, 0]), "output.shape[0] is 0; expected"),
    "of a vast image": (
        card("output", "shape", value=[1, 10**9, 10**9]),
        "output.shape[1] is 1000000000; expected",
    ),
    "of a long image": (
        card("output", "shape", value=[28] * 10**5),
        "output.shape has 100,000 entries",
    ),
    "of a large image": (
        both(card("output", "shape", value=[3, 2048, 2048]), card("examples", value=ONE_EXAMPLE)),
        "describes a model of",
    ),
    "of no examples": (
        card("examples", "count", value=0),
        "examples.count is 0; expected a whole number from 1 to",
    ),
    "of 10⁹ examples": (
        card("examples", "count", value=10**9),
        "count is 1000000000; expected a whole number from",
    ),
    "of no columns": (
        card("examples", "columns", value=0),
        "examples.columns is 0; expected a whole number",
    ),
    "of sheets of none": (
        card("examples", "per_sheet", value=0),
        "examples.per_sheet is 0; expected a whole number",
    ),
    "of sheets of one": (
        card("examples", "per_sheet", value=1),
        "does not list thumbnails-1.webp; run `python -m training embed FOLDER`.",
    ),
    "of a sheet too wide": (card("examples", "columns", value=600), "make sheets of 16,800×28 pix"),
    "of a sheet too tall": (
        both(card("examples", "columns", value=1), card("examples", "count", value=10**6)),
        "make sheets of 28×114,688 pixels; a WebP has 16,383",
    ),
    "listing a sheet more": (
        card("files", "thumbnails-1.webp", value={"bytes": 1, "sha256": "0" * 64}),
        "lists the file 'thumbnails-1.webp'",
    ),
    "of no labels": (card("data", "labels", value=[]), "data.labels has 0 entries; it takes 1 to"),
    "of 10⁵ labels": (
        card("data", "labels", value=["x"] * 10**5),
        "data.labels has 100,000 entries; it takes 1 to 1,000",
    ),
    "of an empty label": (
        card("data", "labels", value=["a", " "]),
        "data.labels[1] is ' '; expected printable text that is not blank",
    ),
    "of a long label": (
        card("data", "labels", value=["x" * 201]),
        "not blank, 1 to 200 characters",
    ),
    "of no factors": (card("data", "factors", value=[]), "data.factors has 0 entries; it takes 1"),
    "of 101 factors": (
        factors(*((f"f{at}", 3) for at in range(101))),
        "data.factors has 101 entries; it takes 1 to 100",
    ),
    "of a factor of 2⁵³ values": (
        factors(("shape", 2**53)),
        "data.factors[0].size is 9007199254740992; expected a whole number from 1 to 100,000",
    ),
    "of a factor of no values": (
        factors(("shape", 0)),
        "data.factors[0].size is 0; expected a whole number from 1",
    ),
    "of a factor of −5 values": (
        factors(("shape", -5)),
        "data.factors[0].size is -5; expected a whole number from 1",
    ),
    "of a factor without a name": (
        factors(("", 3)),
        "data.factors[0].name is ''; expected printable text that is",
    ),
    "of a factor of a long name": (
        factors(("x" * 3000, 3)),
        "that is not blank, 1 to 80 characters",
    ),
    "of a factor twice": (factors(("a", 3), ("b", 3), ("a", 4)), "data: factors names 'a' twice"),
    "of a negative sigma": (
        card("output", "sigma", value=-0.1),
        "output.sigma is -0.1; expected a finite number greater than 0",
    ),
    "of a map that is a list": (card("map", value=[]), "map is []; expected an object"),
    "of a map without axes": (a_map("pca", value=...), "map lacks the field 'pca'"),
    "of a map over no latents": (
        a_map("latents", value=[]),
        "map.latents has 0 entries; it takes 1 to",
    ),
    "of a map over latent 3": (a_map("latents", value=[0, 3]), "not rising indices below 3"),
    "of a map over latent −1": (
        a_map("latents", value=[-1, 0]),
        "map.latents[0] is -1; expected a whole number",
    ),
    "of a map over a latent twice": (a_map("latents", value=[1, 1]), "not rising indices below 3"),
    "of a map over 10⁵ latents": (
        a_map("latents", value=[0] * 10**5),
        "map.latents has 100,000 entries",
    ),
    "of a map over half a latent": (a_map("latents", value=[0.5]), "latents[0] is 0.5; expected"),
    "of a short mean": (a_map("pca", "mean", value=[0]), "map.pca.mean has 1 entries; it takes 3"),
    "of three axes": (
        a_map("pca", "axes", value=[[0, 0, 1]] * 3),
        "map.pca.axes has 3 entries; it takes 2",
    ),
    "of a short axis": (
        a_map("pca", "axes", value=[[0, 0, 1], [1, 0]]),
        "map.pca.axes[1] has 2 entries; it takes 3",
    ),
    "of an infinite axis": (
        a_map("pca", "mean", value=[0, 0, 10**400]),
        "mean[2] is too large; expected a finite",
    ),
    "of a third share": (a_map("pca", "explained", value=[1, 0, 0]), "explained has 3 entries"),
    "of a map without a seed": (
        a_map("umap", value={"min_dist": 1}),
        "map.umap lacks the field 'n_neighb",
    ),
    "of negative distances": (
        a_map("nearest", "median", value=-1),
        "map.nearest.median is -1; expected a finite number of at least 0",
    ),
    "of falling distances": (a_map("nearest", "p99", value=0.5), "map.nearest: does not rise"),
    "of a map with NaN": (a_map("metrics", 0, "value", value=float("nan")), "it holds NaN"),
    "of a map with a long label": (
        a_map("metrics", 0, "label", value="x" * 41),
        "expected printable text, at most 40 characters",
    ),
    "nested 985 deep": (
        card_bytes(b'{"version": 2, "name": ' + b"[" * 985 + b"]" * 985 + b"}"),
        "nested too deeply, beyond 32 levels",
    ),
    "with a lone surrogate": (
        card_text('"title": "', '"title": "\\ud83d'),
        "title is '\\ud83d",
    ),
    "with a line break in its title": (card("title", value="a\nb"), r"title is 'a\nb'; expected"),
    "with a turned line": (card("summary", value="a\u202eb"), "summary is 'a\\u202eb'; expected"),
    "with NUL in a label": (card("data", "labels", 1, value="\0"), r"data.labels[1] is '\x00'"),
    "with a surrogate in a key": (card("versions", "\ud800", value="1"), "versions['\\ud800']"),
    "of two controls of a name": (
        card("controls", value=[A_SPACE, A_SPACE]),
        "controls names 'z' twice",
    ),
    "of 1,025 latents": (card("controls", 0, "size", value=1025), "from 1 to 1,024"),
    "of a grid of 2¹⁷ cells": (
        card("controls", value=[A_GRID | {"height": 2**9, "width": 2**8}]),
        "controls[0]: height × width is 131,072",
    ),
    "of 2²³ pixels": (
        card("output", "shape", value=[1, 4096, 2048]),
        "output: shape has 8,388,608 pixels; an image has at most 4,194,304",
    ),
    "of two channels": (card("output", "shape", value=[2, 28, 28]), "shape has 2 channels"),
    "without graphs": (card("graphs", value={}), "graphs is empty"),
    "of a port of no control": (
        card("graphs", "decode", "inputs", 0, "control", value="style"),
        "graphs.decode has a port 'z' of the control 'style'; the controls are z",
    ),
    "of a control that nothing takes": (
        card("controls", value=[A_SPACE, A_GRID]),
        "graphs.decode has no input for the value of the control 'codes'",
    ),
    "of a decoder without an image": (
        card("graphs", "decode", "outputs", 0, "role", value="logits"),
        "graphs.decode has no output of the role image",
    ),
    "of a map without examples": (
        both(a_map(value=None), card("examples", value=None)),
        "map lies over examples, and there are none",
    ),
    "of another likelihood": (
        card("training", "configuration", "model", "likelihood", value="gaussian"),
        MODEL,
    ),
}


def check(folder: Path, damage: Damage, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    damage(folder)
    capsys.readouterr()
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(folder)
    message = str(caught.value)
    assert expected in message
    assert message.startswith(folder.name)
    assert message.endswith((".", "?"))
    assert "\n" not in message
    assert len(message) < 300

    assert main(["evaluate", str(folder)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"error: {folder.name}")
    assert captured.err.count("\n") == 1
    assert expected in captured.err
    assert not (folder.parent / "code ran").exists()


@pytest.mark.parametrize(("damage", "expected"), FILE_DAMAGES.values(), ids=list(FILE_DAMAGES))
def test_damaged_files(
    damage: Damage, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(folder, damage, expected, capsys)


@pytest.mark.parametrize(("damage", "expected"), WEIGHT_DAMAGES.values(), ids=list(WEIGHT_DAMAGES))
def test_damaged_weights(
    damage: Damage, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(folder, damage, expected, capsys)


@pytest.mark.parametrize(("damage", "expected"), CARD_DAMAGES.values(), ids=list(CARD_DAMAGES))
def test_damaged_cards(
    damage: Damage, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(folder, damage, expected, capsys)


def test_the_payload_is_live(tmp_path: Path) -> None:
    """What the pickles above hold does run when it is unpickled."""
    marker = tmp_path / "code ran"
    pickle.loads(pickle.dumps(Payload(marker)))
    assert marker.exists()


@pytest.mark.parametrize("command", ["evaluate", "export"])
def test_no_folder(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    for path in (tmp_path / "nowhere", tmp_path / "letter.txt"):
        assert main([command, str(path)]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith("error: ")
        assert captured.err.count("\n") == 1
        assert path.name in captured.err


def test_rehashing_alone_does_no_damage(folder: Path) -> None:
    rehash(folder)
    checkpoint.load(folder)
    card("files", value=json.loads((folder / CARD).read_text())["files"])(folder)
    assert read_card(folder).size == 3


@pytest.mark.parametrize("of_that_size", [False, True])
def test_no_file_is_held_to_be_checked(of_that_size: bool, folder: Path) -> None:
    """A file of 200 MB, which its card knows or does not, takes no memory of that size."""
    large = 200_000_000
    (folder / CODES).write_bytes(b"")
    oversized(CODES, large)(folder)  # all zeros
    if of_that_size:
        card("files", CODES, "bytes", value=large)(folder)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match="SHA-256 differs" if of_that_size else "says"):
            read_card(folder)
        described = describe_files(folder, (CODES,)) if of_that_size else {}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
    if of_that_size:
        zeros = hashlib.sha256()
        for _ in range(200):
            zeros.update(bytes(1_000_000))
        assert described == {CODES: File(large, zeros.hexdigest())}


def test_a_whole_map_alone_does_no_damage(folder: Path) -> None:
    a_map(value=None)(folder)
    found = read_card(folder).map
    assert found is not None
    assert found.latents == (0, 2)
