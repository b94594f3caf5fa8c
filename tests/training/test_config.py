"""The run configuration: JSON both ways, typed overrides, and one sentence for what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from training.__main__ import main
from training.config import DataConfig, RunConfig, TrainConfig, from_json, to_json
from training.contract.files import read_card
from training.contract.reading import plain
from training.errors import ConfigError
from training.families.conditional_vae import ConditionalVAE
from training.families.gan import GAN
from training.families.vae import VAE
from training.objectives.beta_tcvae import BetaTCVAE
from training.objectives.beta_vae import BetaVAE
from training.objectives.capacity import Capacity
from training.objectives.factor_vae import FactorVAE
from training.objectives.geco import GECO
from training.overrides import OBJECTIVES_BY_NAME, fields, options, override
from training.recipes import RECIPES

MODELS = Path(__file__).parents[2] / "assets" / "models"
DIGITS = RECIPES["digits"].run
# What configurations did not have from the beginning, and what it was until then.
LATER_FIELDS = {
    "model.sigma": 0.1,
    "model.r1": 0.0,
    "model.average": 0.0,
    "data.path": "",
    "data.side": 64,
    "data.fit": "crop",
    "data.ground": "white",
    "data.factors": "",
    "data.strict": False,
    "data.download": False,
    "model.family": "vae",
    "model.patch": 1,
    "train.optimizer": "adamw",
    "train.muon_rate": 0.02,
    "train.muon_from": 0,
    "train.warmup": 0,
}


def replaced(path: str, value: object) -> dict[str, Any]:
    """The JSON of digits' run with one field set, or added."""
    tree: dict[str, Any] = to_json(DIGITS)
    *sections, name = path.split(".")
    node = tree
    for section in sections:
        node = node[section]
    node[name] = value
    return tree


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_json_round_trip(recipe: Any) -> None:
    text = json.dumps(to_json(recipe.run))
    assert from_json(json.loads(text), "the run") == recipe.run


def test_defaults_may_be_left_out() -> None:
    run = RunConfig(  # of Burgess' network
        data=DataConfig("sprites"),
        model=VAE(latents=10, likelihood="bernoulli"),
        objective=BetaVAE(beta=4),
        train=TrainConfig(steps=100, validate_every=50),
    )
    tree = to_json(run)
    for path in ("data.pixels", "model.channels", "train.batch_size"):
        section, name = path.split(".")
        del tree[section][name]
    del tree["seed"]
    assert from_json(tree, "the run") == run


def test_configurations_of_before_read_as_they_were() -> None:
    assert to_json(DIGITS)["objective"] == {"name": "beta_vae", "beta": 1.0}
    cards = sorted(MODELS.glob("*/card.json"))
    assert cards
    for path in cards:
        training = read_card(path.parent, check=()).training
        assert training is not None
        tree = plain(training.configuration)
        read = fields(to_json(from_json(tree, "the run")))
        assert {name: read[name] for name in fields(tree)} == fields(tree)
        added = {name: read[name] for name in read.keys() - fields(tree)}
        assert added.items() <= LATER_FIELDS.items()


def test_an_objective_without_a_name_is_the_beta_vae() -> None:
    tree = replaced("objective", {"beta": 2})
    assert from_json(tree, "the run").objective == BetaVAE(beta=2.0)


def test_another_family_brings_its_own_fields() -> None:
    run = RECIPES["digits-2d"].run  # by AdamW, as every family can be
    gan = override(run, {"model.family": "gan", "train.precision": "float32"})
    assert gan == replace(
        run, model=GAN(), objective=None, train=replace(run.train, precision="float32")
    )
    back = override(gan, {"model.family": "cvae", "model.latents": "3"})
    assert (back.model, back.objective) == (ConditionalVAE(3), BetaVAE())
    with pytest.raises(ConfigError, match=r"The family autoencoder needs --model\.latents"):
        override(DIGITS, {"model.family": "autoencoder"})
    with pytest.raises(ConfigError, match=r"--objective\.beta is of an objective, and the losses"):
        override(gan, {"objective.beta": "2"})
    with pytest.raises(ConfigError, match=r"--model\.codes does not .* it belongs to vqvae"):
        override(DIGITS, {"model.codes": "3"})
    with pytest.raises(ConfigError, match="choose one of vae, cvae, "):
        override(DIGITS, {"model.family": "nothing"})


@pytest.mark.parametrize("name", OBJECTIVES_BY_NAME)
def test_every_objective_goes_through_json(name: str) -> None:
    needed = {"objective.kappa": "-90"} if name == "geco" else {}
    config = override(DIGITS, {**needed, "objective.name": name})
    assert to_json(config)["objective"]["name"] == name
    assert from_json(json.loads(json.dumps(to_json(config))), "the run") == config


@pytest.mark.parametrize(
    ("words", "objective"),
    [
        ({"name": "beta_tcvae", "beta": "6"}, BetaTCVAE(beta=6.0)),
        ({"beta": "5", "name": "beta_tcvae"}, BetaTCVAE(beta=5.0)),
        ({"name": "beta_tcvae", "estimator": "mss"}, BetaTCVAE(estimator="mss")),
        ({"name": "factor_vae", "units": "50"}, FactorVAE(units=50)),
        ({"name": "capacity", "c_end": "18"}, Capacity(c_end=18.0)),
        ({"name": "geco", "kappa": "80"}, GECO(kappa=80.0)),
        ({"name": "beta_vae"}, BetaVAE(beta=4.0)),
    ],
)
def test_an_override_chooses_the_objective_at_its_defaults(
    words: dict[str, str], objective: object
) -> None:
    """A weight of the recipe's objective means something else in another, so it is not kept."""
    changes = {f"objective.{name}": text for name, text in words.items()}
    assert override(RECIPES["sprites-beta4"].run, changes).objective == objective


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "--objective.gamma 3",
            "--objective.gamma does not belong to the objective beta_vae, which takes beta; it "
            "belongs to capacity, beta_tcvae, factor_vae (--objective.name).",
        ),
        (
            "--objective.name iwae --objective.beta 3",
            "--objective.beta does not belong to the objective iwae, which takes k; it belongs to "
            "beta_vae, beta_tcvae (--objective.name).",
        ),
        ("--objective.name geco", "The objective geco needs --objective.kappa."),
        (
            "--objective.name tcvae --objective.gamma 3",
            "--objective.name got 'tcvae'; choose one of beta_vae, capacity, geco, beta_tcvae, "
            "factor_vae, dip_vae_i, dip_vae_ii, iwae.",
        ),
        (
            "--objective.name iwae --objective.k 0",
            "objective.k is 0; expected a whole number of at least 1.",
        ),
        (
            "--objective.name factor_vae --objective.gamma -1",
            "objective.gamma is -1.0; expected a finite number of at least 0.",
        ),
        (
            "--objective.name geco --objective.kappa 9 --objective.alpha 1",
            "objective.alpha is 1.0; expected a finite number of at least 0, and below 1.",
        ),
        (
            "--objective.name beta_tcvae --objective.estimator mwss",
            "objective.estimator is 'mwss'; choose one of mss, mws.",
        ),
    ],
)
def test_what_does_not_belong_to_an_objective_is_said_in_one_sentence(
    words: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "digits", "--dry-run", *words.split()]) == 2
    assert capsys.readouterr().err == f"error: {message}\n"


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("seed", "7", 7),
        ("objective.beta", "8", 8.0),
        ("objective.beta", "0.25", 0.25),
        ("objective.beta", "0", 0.0),
        ("train.learning_rate", "3e-4", 3e-4),
        ("train.steps", "500", 500),
        ("train.precision", "float32", "float32"),
        ("model.channels", "8,16,32", [8, 16, 32]),
        ("model.hidden", "64", [64]),
        ("model.likelihood", "gaussian_learned", "gaussian_learned"),
        ("data.name", "fashion", "fashion"),
    ],
)
def test_override_changes_one_field(path: str, text: str, value: object) -> None:
    changed = override(DIGITS, {path: text})
    assert to_json(changed) == replaced(path, value)


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("objective.bta", "8", "--objective.bta; did you mean 'objective.beta'"),
        ("beta", "8", "did you mean 'objective.beta'"),
        ("objective", "8", "no option --objective"),
        ("train.steps.more", "8", "no option --train.steps.more"),
        ("", "8", "no option --"),
        ("train.steps", "2.5", "--train.steps got '2.5'; it takes a whole number"),
        ("train.steps", "true", "whole number"),
        ("train.steps", "9" * 6000, "whole number"),
        ("train.steps", str(10**400), "^train.steps is too large"),
        ("model.hidden", str(10**30), r"model.hidden\[0\] is too large"),
        ("train.steps", "0", "^train.steps is 0; expected a whole number of at least 1"),
        ("train.batch_size", "-1", "at least 1"),
        ("model.latents", "0", "from 1 to 1,024"),
        ("model.channels", "8,0", r"model.channels\[1\] is 0"),
        ("model.channels", "", "model.channels is empty; give at least one size"),
        ("model.name", "mlp_vae", "but mlp_vae has only dense layers; leave it empty"),
        ("model.patch", "4", "but conv_vae reads no patches"),
        ("model.patch", "0", "model.patch is 0; expected a whole number of at least 1"),
        ("model.hidden", "8;9", "whole numbers with commas"),
        ("train.learning_rate", "fast", "--train.learning_rate got 'fast'; it takes a number"),
        (
            "train.learning_rate",
            "nan",
            "train.learning_rate is nan; expected a finite number greater than 0",
        ),
        ("train.learning_rate", "0", "greater than 0"),
        ("objective.beta", "inf", "objective.beta is inf; expected a finite number of at least 0"),
        ("objective.beta", "1e400", "objective.beta is inf; expected a finite number"),
        ("objective.beta", "-1", "of at least 0"),
        ("train.schedule", "linear", "train.schedule is 'linear'; choose one of constant, cosine"),
        (
            "data.name",
            "x" * 1000,
            "data.name is 'xxx.* choose one of digits, fashion, names, own, scenes, sprites",
        ),
        ("data.pixels", "dequantized", "bernoulli, which is not a density over the grey levels"),
        ("seed", "-1", "seed is -1; expected a whole number from 0 to 2,147,483,647"),
        ("seed", str(2**31), "from 0 to 2,147,483,647"),
    ],
)
def test_override_refuses(path: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        override(DIGITS, {path: text})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600  # it lists every option


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("train.steps", True, "train.steps is true; expected a whole number"),
        ("train.steps", 10.0, "train.steps is 10.0; expected a whole number"),
        ("train.steps", "10", "train.steps is '10'; expected a whole number"),
        ("train.steps", None, "expected a whole number"),
        ("objective.beta", True, "objective.beta is true; expected a finite number"),
        ("objective.beta", float("nan"), "objective.beta is nan; expected a finite number"),
        ("objective.beta", 10**400, "objective.beta is too large; expected a finite number"),
        ("model.channels", 32, "model.channels is 32; expected a list"),
        ("model.channels", [], "model.channels is empty"),
        ("model.channels", [8, "16"], r"model.channels\[1\] is '16'"),
        ("model.likelihood", ["bernoulli"], "choose one of bernoulli"),
        ("data", "digits", "data is 'digits'; expected an object"),
        ("train", [1], r"train is \[1\]; expected an object"),
        ("train.stepz", 1, "train has an unknown field 'stepz'; did you mean 'steps'"),
        ("objective.gamma", 1.0, "objective has an unknown field 'gamma'; known: name, beta"),
        ("objective.name", ["geco"], r"objective.name is \['geco'\]; choose one of beta_vae"),
        ("objective.name", "geco", "objective has an unknown field 'beta'; known: name, kappa"),
        ("objective", {"name": "geco"}, "objective lacks the field 'kappa'"),
        ("objective", "beta_vae", "objective is 'beta_vae'; expected an object"),
        ("data.path", "pho\ntos", "data.path is .*; expected printable text"),
        ("train.evil\nname", 1, r"unknown field 'evil\\nname'; known: steps, "),
    ],
)
def test_json_refuses(path: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        from_json(replaced(path, value), "the run")
    assert "\n" not in str(caught.value)


def test_a_missing_field_is_named() -> None:
    tree = to_json(DIGITS)
    del tree["train"]["steps"]
    with pytest.raises(ConfigError, match=r"^the run: train lacks the field 'steps'"):
        from_json(tree, "the run")


def test_configuration_is_frozen() -> None:
    with pytest.raises(AttributeError):
        DIGITS.train.steps = 1  # type: ignore[misc]


@pytest.mark.parametrize("equals", [" ", "="])
def test_dry_run_prints_the_configuration_and_writes_nothing(
    equals: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = f"train digits --dry-run --seed 3 --objective.beta{equals}8 --model.hidden{equals}8,9"
    assert main([*words.split(), "--out", str(out)]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert tree.pop("out") == str(out)
    expected = override(DIGITS, {"seed": "3", "objective.beta": "8", "model.hidden": "8,9"})
    assert from_json(tree, "the run") == expected
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train digitz", f"no recipe 'digitz'; choose one of {', '.join(RECIPES)}."),
        ("train digits --objective.bta 8", "did you mean 'objective.beta'"),
        ("train digits --objective.beta", "'--objective.beta' is not understood"),
        ("train digits objective.beta 8", "'objective.beta' is not understood"),
        ("train digits --seed -1", "seed is -1"),
        ("train digits --dry-run --data.name names", "these data are words; choose other data"),
        ("train names --dry-run --data.name scenes", "these data are images; choose names"),
        ("train digits-semi --dry-run --data.name sprites", "these data have none; choose digits"),
        ("train digits-cvae --dry-run --data.name scenes", "these data have none; choose digits"),
        ("train digits-semi --dry-run --model.labelled 105", "a multiple of the 10 labels"),
        ("train digits --resum", "'--resum' is not understood"),
        ("list --dry-run", "--dry-run is not an option of `list`"),
        ("evaluate x --objective.beta 8", "--objective.beta is not an option of `evaluate`"),
    ],
)
def test_command_line_refuses_in_one_line(
    words: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_help_names_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["train", "--help"])
    assert left.value.code == 0
    text = "".join(capsys.readouterr().out.split())
    assert options(DIGITS)[: len(fields(to_json(DIGITS)))] == list(fields(to_json(DIGITS)))
    for path in [*options(DIGITS), "objective.kappa", "objective.lambda_od", "objective.k"]:
        assert f"--{path}" in text


def test_list_names_every_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    assert all(recipe.intent in line for line, recipe in zip(lines, RECIPES.values(), strict=True))
