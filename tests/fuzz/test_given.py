"""What a person gives a command or a form: damaged, it is taken or refused in one sentence.

As in `test_fuzz`: FUZZ=100 tries a hundred times as much.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from PIL import Image

from explorer import lessons, loading
from explorer.jobs import images, offers
from explorer.jobs.asked import kept, written
from explorer.jobs.exchange import Form
from explorer.jobs.store import Store
from explorer.lessons import reading
from training.checkpoints import checkpoint
from training.checkpoints.publish import lines, readme
from training.commands.train import configure
from training.config import DataConfig, from_json, to_json
from training.contract.absence import RESUME
from training.contract.card import CARD
from training.contract.errors import UserError
from training.contract.files import card_of
from training.contract.reading import parse, read
from training.datasets.own import factors, opened, seeing
from training.datasets.own.images import ColourFound, Fit
from training.importing import import_model, pythae, weights
from training.importing.found import Said
from training.recipes import RECIPES
from training.trainer.metrics_file import read_metrics

from . import mutation
from .test_fuzz import SHIPPED, cases, is_sentence


@contextlib.contextmanager
def refused_or_taken() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        if "these three lines" not in str(error):
            is_sentence(error)


FORM = {"data": "sprites", "family": "vae", "latents": 2, "steps": 500, "minutes": 1, "beta": 4.0}


def test_forms_of_runs() -> None:
    """A form that is taken makes a run that the worker can begin."""
    taken = 0
    for chance in cases(300):
        content = json.dumps(mutation.tree_of(chance, FORM)).encode()
        if chance.random() < 0.3:
            content = mutation.bytes_of(chance, content)
        with refused_or_taken():
            asked = read(Form, parse(content, "The form"), "form")
            run = offers.run_of(asked)
            configure(SimpleNamespace(recipe=run.recipe, seed=None), [*run.overrides])
            assert kept(written(run)) == run
            taken += 1
    assert taken


def test_configurations() -> None:
    """Of every recipe, as a card or a run that goes on holds it."""
    trees = [to_json(recipe.run) for recipe in RECIPES.values()]
    for chance in cases(150):
        with refused_or_taken():
            config = from_json(mutation.tree_of(chance, chance.choice(trees)), "configuration")
            assert from_json(to_json(config)) == config


def test_lessons() -> None:
    """Texts are what students read; a figure must be measured, whatever stands in the file."""
    files = sorted(Path(lessons.__file__).parent.glob("*.md"))
    models = [folder.name for folder in SHIPPED]
    texts = [path.read_text("utf-8") for path in files]
    for chance in cases(60):
        content = mutation.bytes_of(chance, chance.choice(texts).encode())
        if chance.random() < 0.3:
            at = chance.randrange(2000)
            deep = chance.choice(("[" * 3000, "a.b={c=" * 900, "9" * 6000, '"""', "\ud800"))
            content = content[:at] + deep.encode("utf-8", "surrogatepass") + content[at:]
        with refused_or_taken():
            reading.parse(content.decode("utf-8", "replace"), "mine.md", models)


def pictures() -> list[bytes]:
    """Of each kind that is read, with an EXIF block and transparency where it may have them."""
    levels = np.random.default_rng(0).integers(0, 256, (24, 20, 4), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    found = []
    for kind, mode in (
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("WEBP", "RGBA"),
    ):
        buffer = io.BytesIO()
        Image.fromarray(levels).convert(mode).save(buffer, kind, exif=exif)
        found.append(buffer.getvalue())
    buffer = io.BytesIO()
    Image.fromarray(levels[:, :, 0].astype(np.uint16) * 257).save(buffer, "PNG")
    return [*found, buffer.getvalue()]


def test_images_of_ones_own() -> None:
    whole = pictures()
    for chance in cases(300):
        content = mutation.bytes_of(chance, chance.choice(whole))
        with contextlib.suppress(ColourFound), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of what it finds odd
            ((found, _),) = seeing.here([content], Fit(28, chance.choice((1, 3)), "pad"))
            if isinstance(found, str):
                assert found.strip() == loading.sendable(found) != ""
            else:
                assert found.pixels.shape[1:] == (28, 28)


def test_numbers_of_ones_own(tmp_path: Path) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (60, 4, 4), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, images=levels, labels=np.arange(60) % 3)
    rows = "\n".join(",".join(map(str, row)) for row in levels.reshape(60, -1)).encode()
    for chance in cases(40):
        whole, name = chance.choice(((buffer.getvalue(), "own.npz"), (rows, "own.csv")))
        (tmp_path / name).write_bytes(mutation.bytes_of(chance, whole))
        with refused_or_taken():
            opened(DataConfig("own", path=str(tmp_path / name), side=28), tmp_path)


def packed_pictures() -> bytes:
    """A zip of two folders with thirty pictures each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for at in range(60):
            picture = io.BytesIO()
            Image.fromarray(np.full((4, 4), 4 * at, np.uint8)).save(picture, "PNG")
            archive.writestr(f"mine/{('cat', 'dog')[at % 2]}/{at}.png", picture.getvalue())
    return buffer.getvalue()


def test_zips_of_images(tmp_path: Path) -> None:
    """As a command reads them, and as the page of training takes them in."""
    whole = packed_pictures()
    store = Store(tmp_path / "jobs.sqlite")
    for chance in cases(30):
        content = mutation.bytes_of(chance, whole)
        (tmp_path / "own.zip").write_bytes(content)
        with refused_or_taken():
            opened(DataConfig("own", path=str(tmp_path / "own.zip"), side=28), tmp_path)
        with refused_or_taken(), images.arriving(tmp_path) as arrived:
            arrived.write_bytes(content)
            images.accept(store, tmp_path, arrived, mutation.text(chance), "visitor")


def test_tables_of_images(tmp_path: Path) -> None:
    """A Parquet file, where there is what reads them."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    picture = io.BytesIO()
    Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4)).save(picture, "PNG")
    rows = [{"bytes": picture.getvalue() + bytes([at]), "path": "x"} for at in range(60)]
    path = tmp_path / "train.parquet"
    parquet.write_table(arrow.table({"image": rows, "label": [at % 3 for at in range(60)]}), path)
    whole = path.read_bytes()
    for chance in cases(30):
        path.write_bytes(mutation.bytes_of(chance, whole))
        with refused_or_taken():
            opened(DataConfig("own", path=str(path), side=28), tmp_path)


def test_patterns_of_factors() -> None:
    names = ["heart-1-left.png", "a/b-2-x.png", "-.png", "ⅷ-٣-x.png"]
    for chance in cases(150):
        pattern = mutation.bytes_of(chance, b"{shape}-{size}*{side}").decode("utf-8", "replace")
        with refused_or_taken():
            found, values = factors.by_pattern(pattern, [chance.choice(names)])
            for at, name in enumerate(found):
                factors.factor_of(name[:80], [row[at] for row in values])


def foreign(folder: Path) -> dict[str, bytes]:
    """A folder of pythae of two latents, its weights in the newer and the older form, and ONNX."""
    torch.manual_seed(0)
    tensors = pythae.Pair(6, 2, True).state_dict()
    found = {}
    for name, newer in (("model.pt", True), ("old.pt", False)):
        torch.save(
            {"model_state_dict": tensors}, folder / name, _use_new_zipfile_serialization=newer
        )
        found[name] = (folder / name).read_bytes()
    config = {"name": "VAEConfig", "input_dim": [1, 2, 3], "latent_dim": 2}
    found["model_config.json"] = json.dumps(config | {"reconstruction_loss": "bce"}).encode()
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Reshape", ["z", "s"], ["y"])],
        "decoder",
        [value("z", 1, ["batch", 12])],
        [value("y", 1, ["batch", 1, 3, 4])],
        [onnx.helper.make_tensor("s", 7, [4], [-1, 1, 3, 4])],
    )
    found["decoder.onnx"] = onnx.helper.make_model(graph).SerializeToString()
    return found


def test_models_of_other_programs(tmp_path: Path) -> None:
    whole = foreign(tmp_path)
    place = tmp_path / "theirs"
    place.mkdir()
    for chance in cases(60):
        for path in place.iterdir():
            path.unlink()
        kind = chance.choice(("model.pt", "old.pt", "model_config.json", "decoder.onnx"))
        content = mutation.bytes_of(chance, whole[kind])
        if kind == "model_config.json" and chance.random() < 0.7:
            content = json.dumps(mutation.tree_of(chance, json.loads(whole[kind]))).encode()
        if kind == "decoder.onnx":
            (place / kind).write_bytes(content)
        else:
            (place / "model.pt").write_bytes(whole["model.pt"])
            (place / "model_config.json").write_bytes(whole["model_config.json"])
            (place / kind.replace("old", "model")).write_bytes(content)
        with refused_or_taken():
            import_model.read(place, Said())
        if kind.endswith(".pt"):
            with refused_or_taken():
                weights.read_weights(place / "model.pt")


def test_states_of_runs(tmp_path: Path) -> None:
    """What `--resume` goes on from: the state, and the losses until then."""
    config, learners = RECIPES["digits"].run, {"model": torch.nn.Linear(2, 2)}
    checkpoint.save_resume(tmp_path, config, checkpoint.Progress(step=3), learners, torch.zeros(2))
    path = tmp_path / RESUME
    whole, (tensors, said) = path.read_bytes(), checkpoint.read_tensors(path)
    line = {"step": 20, "images": 320, "train_loss": 2.5, "validation_loss": 3.0}
    for chance in cases(60):
        content = mutation.bytes_of(chance, whole)
        if chance.random() < 0.7:
            changed = {
                name: json.dumps(mutation.tree_of(chance, json.loads(text)))
                for name, text in said.items()
            }
            if chance.random() < 0.1:
                changed["config"] = "[" * 5000
            content = safetensors.torch.save(tensors, changed)
        path.write_bytes(content)
        with refused_or_taken():
            progress, found = checkpoint.read_resume(tmp_path, config, longer=True)
            checkpoint.restore(tmp_path, found, learners, torch.zeros(2))
            assert progress.step >= 0
        lines = [json.dumps(mutation.tree_of(chance, line)) for _ in range(3)]
        text = mutation.bytes_of(chance, "\n".join([json.dumps(line), *lines]).encode())
        (tmp_path / "metrics.jsonl").write_bytes(text)
        for read_back in read_metrics(tmp_path / "metrics.jsonl"):
            assert read_back["step"] * 0 == read_back["train_loss"] * 0 == 0


CALLED = ("ort.InferenceSession", ".run", "np.zeros")


def test_what_is_published_of_a_card_is_no_code() -> None:
    """The lines of the README are run by `publish`, and by everybody who copies them."""
    tree = json.loads((SHIPPED[0] / CARD).read_bytes())
    tree["training"]["history"] = []
    for chance in cases(60):
        changed = mutation.tree_of(chance, {**tree, "graphs": {}, "files": {}, "controls": []})
        changed |= {field: copy.deepcopy(tree[field]) for field in ("graphs", "files", "controls")}
        for graph in filter(None, changed["graphs"].values()):
            for port in (*graph["inputs"], *graph["outputs"]):
                port["name"] = mutation.text(chance).strip() or "z"
        with refused_or_taken():
            card = card_of(changed, "mine/card.json")
            readme(card, None).encode()
            for line in lines(card):
                (statement,) = ast.parse(line).body
                called = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
                assert all(ast.unparse(node.func).endswith(CALLED) for node in called), line
