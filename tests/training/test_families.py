"""Each family from a command to a checkpoint and back: trained, measured, embedded, exported."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import pytest
import safetensors.numpy
import torch
from msgspec.structs import fields, replace

from training.__main__ import main
from training.checkpoints import checkpoint, finish
from training.config import DataConfig, RunConfig, TrainConfig, configuration
from training.contract.absence import RESUME
from training.contract.card import CODES, MODEL, Card
from training.contract.files import read_card
from training.contract.outputs import Characters
from training.contract.spaces import Categorical, CodeGrid, Continuous, Image, Tokens
from training.datasets import Dataset
from training.datasets.names import ALPHABET, LONGEST, names, word
from training.errors import ConfigError
from training.families import FAMILIES
from training.families.autoencoder import Autoencoder
from training.families.conditional_vae import ConditionalVAE
from training.families.denoising import Denoising
from training.families.family import Family, form_of, tag
from training.families.gan import GAN
from training.families.hierarchical import Hierarchical
from training.families.image_cvae import ImageCVAE
from training.families.pca import PCA
from training.families.qlae import QLAE
from training.families.semi_supervised import SemiSupervised
from training.families.text_transformer import TextTransformer
from training.families.text_vae import TextVAE
from training.families.transformer import Transformer
from training.families.vae import VAE
from training.families.vaegan import VAEGAN
from training.families.vqvae import VQVAE
from training.objectives.beta_vae import BetaVAE
from training.recipes import Recipe
from training.trainer import loop

# Small ones; a family that is not among them is tried as it is declared.
TINY: dict[str, Family] = {
    "vae": VAE(3, "bernoulli", channels=(4, 4), hidden=(16,)),
    "cvae": ConditionalVAE(3, channels=(4, 4), hidden=(16,)),
    "image_cvae": ImageCVAE(3, channels=(4, 4), hidden=(16,), features=5),
    "semi_supervised": SemiSupervised(3, 4, 20, channels=(4, 4), hidden=(16,), units=8, m2_from=4),
    "hierarchical": Hierarchical(1, 2, channels=(4, 4), hidden=(16,), units=8, annealing=3),
    "autoencoder": Autoencoder(3, channels=(4, 4), hidden=(16,)),
    "linear": Autoencoder(3, name="linear"),
    "pca": PCA(3),
    "denoising": Denoising(3),
    "vqvae": VQVAE(
        channels=(4, 4), codes=5, dimensions=3, prior_from=3, prior_width=8, prior_layers=1
    ),
    "transformer": Transformer(width=8, layers=1),
    "text_transformer": TextTransformer(width=8, layers=1),
    "textvae": TextVAE(3, embedding=4, read_units=5, write_units=6),
    "qlae": QLAE(3, channels=(4, 4), hidden=(16,), levels=4, gamma=1, layers=1, units=8),
    "gan": GAN(3, channels=(4, 4)),
    "vaegan": VAEGAN(3, channels=(4, 4), hidden=(16,), generator=(4, 4)),
}
Z = Continuous("z", 3, "standard_normal")
POINT = Continuous("z", 3, None)


def as_declared(kind: type[Family]) -> Family:
    """One with every default, and 3 of what has none."""
    needed = {field.encode_name: 3 for field in fields(kind) if field.required}
    return msgspec.convert({"family": kind.__struct_config__.tag, **needed}, kind)


TRIED = {
    str(kind.__struct_config__.tag): as_declared(kind)
    for kind in FAMILIES
    if not any(type(family) is kind for family in TINY.values())
} | TINY


def learned(family: Family, digits: Dataset) -> Dataset:
    """Data that it can learn."""
    return digits if family.learns == "images" else names()


def run_of(family: Family) -> RunConfig:
    data = DataConfig("digits" if family.learns == "images" else "names")
    objective = BetaVAE() if family.takes_objective else None
    train = TrainConfig(6, batch_size=16, validate_every=3, precision="float32")
    return RunConfig(data, family, objective, train)


@pytest.fixture(scope="module", params=TRIED)
def made(
    request: pytest.FixtureRequest, digits: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Card, Path]:
    """A checkpoint of six steps, without a map."""
    name = request.param
    family = TRIED[name]
    config, dataset = run_of(family), learned(family, digits)
    folder = tmp_path_factory.mktemp("families") / name
    folder.mkdir()
    progress = loop.train(config, dataset, folder, torch.device("cpu"))
    recipe = Recipe(name, name, "To be tested.", "1 s", config)
    card = finish.finish(recipe, config, "none", dataset, folder, progress, with_map=False)
    return name, card, folder


def test_what_was_written_reads_back(made: tuple[str, Card, Path]) -> None:
    name, card, folder = made
    assert read_card(folder) == card
    assert card.family == tag(TRIED[name])
    assert configuration(card, name) == run_of(TRIED[name])
    model, _ = checkpoint.load(folder)
    saved = safetensors.numpy.load_file(folder / MODEL)
    state = model.state_dict()
    assert saved.keys() == state.keys()
    assert all(np.array_equal(saved[key], state[key].numpy()) for key in saved)


def test_the_card_says_what_can_be_moved(made: tuple[str, Card, Path]) -> None:
    name, card, _ = made
    if name not in TINY:
        assert card.controls == TRIED[name].controls(form_of(card))
        return
    grids = {"vqvae": CodeGrid("codes", 7, 7, 5), "transformer": CodeGrid("codes", 7, 7, 16)}
    labels = tuple("0123456789")
    expected = {
        "cvae": (Z, Categorical("label", labels)),
        "semi_supervised": (Z, Categorical("label", labels)),
        "hierarchical": (
            Continuous("z2", 1, "standard_normal"),
            Continuous("z1", 2, "standard_normal"),
        ),
        "image_cvae": (Z, Image("condition", (1, 28, 28), "left")),
        "autoencoder": (POINT,),
        "linear": (POINT,),
        "pca": (POINT,),
        "denoising": (POINT,),
        "textvae": (Z, Tokens("word", ALPHABET, LONGEST)),
        "text_transformer": (Tokens("word", ALPHABET, LONGEST),),
    }.get(name, (grids[name],) if name in grids else (Z,))
    if name == "qlae":
        (control,) = card.controls
        assert isinstance(control, Continuous)
        assert [len(values) for values in control.levels or ()] == [4, 4, 4]
        expected = (replace(POINT, levels=control.levels),)
    assert card.controls == expected
    assert set(card.graphs.named()) == {
        "vqvae": {"decode", "encode", "step"},
        "transformer": {"decode", "step"},
        "textvae": {"encode", "step"},
        "text_transformer": {"step"},
        "gan": {"decode"},
    }.get(name, {"decode", "encode"})
    assert isinstance(card.output, Characters) == (name in ("textvae", "text_transformer"))


def test_nothing_is_said_of_a_prior_that_there_is_not(made: tuple[str, Card, Path]) -> None:
    name, card, _ = made
    if name not in TINY:
        return
    measured = {metric.name for metric in card.metrics}
    points = ("autoencoder", "linear", "pca", "denoising", "qlae")
    latentless = ("gan", "transformer", "text_transformer")
    without = name in (*points, *latentless)
    assert without == measured.isdisjoint({"kl", "neg_elbo"})
    assert (without or name == "vaegan") == ("neg_elbo" not in measured)
    for latent in card.latents:
        assert (latent.kl_nats is None) == without
        assert (latent.posterior_std is None) == without
    assert len(card.latents) == (0 if name in (*latentless, "vqvae") else 3)
    drawn = name in (
        *("vae", "cvae", "image_cvae", "semi_supervised", "hierarchical", "vqvae"),
        *("gan", "vaegan"),
    )
    assert drawn == ("precision" in measured)


def test_the_codes_of_examples_are_the_encoders(
    made: tuple[str, Card, Path], digits: Dataset
) -> None:
    name, card, folder = made
    if card.graphs.encode is None:
        assert card.examples is None
        return
    if name not in TINY:
        return
    assert card.examples is not None
    test = learned(TINY[name], digits).splits["test"]
    codes = safetensors.numpy.load_file(folder / CODES)
    assert np.array_equal(codes["label"], test.targets[: card.examples.count])
    x = test.images(torch.arange(5)).numpy()
    session = onnxruntime.InferenceSession(folder / "encoder.onnx")
    feed = {session.get_inputs()[0].name: x}
    if name == "cvae":
        feed["label"] = test.targets[:5].long().numpy()
    if name == "image_cvae":
        seen = np.zeros_like(x)
        seen[..., :14] = 1
        feed["condition"] = np.concatenate([x * seen, seen], axis=1)
    found = session.run(None, feed)
    if name == "hierarchical":  # of each layer a mean and a log-variance
        found = [np.concatenate(found[::2], 1)]
    key = "codes" if name == "vqvae" else "mean"
    np.testing.assert_allclose(codes[key][:5], found[0], atol=1e-4)
    assert ("log_variance" in codes) == (
        name
        in ("vae", "cvae", "image_cvae", "semi_supervised", "hierarchical", "textvae", "vaegan")
    )
    if name == "textvae":
        written = [word(row) for row in codes["word"][:5].tolist()]
        assert written == [word(row) for row in x.tolist()]
        assert all(len(one) >= 3 for one in written)


def test_a_run_goes_on_where_it_stopped(
    made: tuple[str, Card, Path], digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off after four steps of six, then resumed: the same weights, bit for bit."""
    name, _, _ = made
    family = TRIED[name]
    config, dataset = run_of(family), learned(family, digits)
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    for folder in (whole, halved):
        folder.mkdir()
    loop.train(config, dataset, whole, torch.device("cpu"))
    draw, left = loop.Run.draw, [4]

    def cut(run: loop.Run, training: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            run.save()
            raise KeyboardInterrupt
        return draw(run, training)  # type: ignore[arg-type]

    monkeypatch.setattr(loop.Run, "draw", cut)
    with pytest.raises(KeyboardInterrupt):
        loop.train(config, dataset, halved, torch.device("cpu"))
    monkeypatch.undo()
    loop.train(config, dataset, halved, torch.device("cpu"), resume=True)
    ends = [safetensors.numpy.load_file(folder / RESUME) for folder in (whole, halved)]
    assert ends[0].keys() == ends[1].keys()
    assert all(np.array_equal(ends[0][key], ends[1][key]) for key in ends[0])


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        (VAE(2, "bernoulli"), {"objective": None}, "objective is missing; the family vae"),
        (GAN(), {"objective": BetaVAE()}, "objective is beta_vae, but the family gan has losses"),
        (VQVAE(), {"train": TrainConfig(5)}, "train.precision is auto, but a VQ-VAE learns in"),
        (
            PCA(2),
            {"train": TrainConfig(5, precision="float32", optimizer="muon")},
            "train.optimizer is muon, but PCA has its own",
        ),
    ],
)
def test_settings_that_a_family_has_no_use_for(
    model: Family, changes: dict[str, object], message: str
) -> None:
    settings: dict[str, object] = {
        "data": DataConfig("digits"),
        "objective": None,
        "train": TrainConfig(5, precision="float32"),
    }
    with pytest.raises(ConfigError, match=message):
        RunConfig(model=model, **(settings | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Autoencoder(2, name="linear", channels=(4,)), "has no hidden layers"),
        (lambda: Autoencoder(2), "channels is empty"),
        (lambda: Transformer(width=10, heads=4), "does not divide the width 10"),
        (lambda: VQVAE(prior_width=10, prior_heads=4), "does not divide the width 10"),
    ],
)
def test_networks_that_there_are_not(make: Callable[[], Family], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_data_that_a_family_cannot_learn(digits: Dataset, data: Path) -> None:
    with pytest.raises(ConfigError, match="these data are words"):
        VAE(2, "bernoulli").network(names().form)
    with pytest.raises(ConfigError, match="learns words, and these data are images; choose names"):
        TextVAE().network(digits.form)
    with pytest.raises(ConfigError, match="needs a label, and these data have none"):
        ConditionalVAE(2).network(digits.form._replace(labels=None))


def test_the_linear_autoencoder_is_measured_against_pca(made: tuple[str, Card, Path]) -> None:
    """After six steps it is far from PCA; PCA itself would be at 0 %, and at 0 degrees."""
    name, card, _ = made
    values = {metric.name: metric.value for metric in card.metrics}
    if name != "linear":
        assert "angle_to_pca" not in values
        return
    assert 0 < values["angle_to_pca"] <= 90
    assert values["excess_over_pca"] > 0


def test_without_an_encoder_there_is_nothing_to_embed(
    made: tuple[str, Card, Path],
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, card, folder = made
    copied = Path(shutil.copytree(folder, tmp_path / name))
    words = ["embed", str(copied), "--data", str(data), "--count", "20", "--no-map"]
    status = main(words)
    if card.graphs.encode is None:
        assert status == 2
        assert "has no encoder, so there are no codes" in capsys.readouterr().err
        assert read_card(copied) == card
    else:
        assert status == 0
        assert read_card(copied).examples is not None
        assert len(safetensors.numpy.load_file(copied / CODES)["label"]) == 20


def test_the_bound_is_of_vaes_of_images_alone(
    made: tuple[str, Card, Path], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, card, folder = made
    if name == "vae":
        return
    copied = Path(shutil.copytree(folder, tmp_path / name))
    assert main(["evaluate", str(copied), "--data", str(data), "--likelihood", "2"]) == 2
    assert "of a VAE of images alone; leave --likelihood out" in capsys.readouterr().err
    assert read_card(copied) == card
