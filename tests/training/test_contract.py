"""The declared models: what is made from them, what they refuse, and old cards in new words."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec import Meta, inspect

from training.__main__ import main
from training.config import RunConfig, configuration, from_json, to_json
from training.contract import schema, version1
from training.contract.card import Card
from training.contract.clinic import Ward
from training.contract.errors import ConfigError
from training.contract.fields import Identifier, Number, Record, Word
from training.contract.files import card_of, read_card
from training.contract.graphs import Port
from training.contract.looked import Looked
from training.contract.reading import parse, plain, read
from training.contract.spaces import CodeGrid, Continuous, Space, Tokens
from training.contract.table import SHIPPED, Table, read_table
from training.contract.worker import Event, Order
from training.recipes import RECIPES

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted(path.parent for path in (ROOT / "assets" / "models").glob("*/card.json"))
TABLES = sorted(path.parent for path in SHIPPED.glob("*/table.json"))


class Toy(Record, frozen=True):
    """One field of each sort."""

    name: Identifier
    size: Annotated[int, Meta(ge=1, le=1024)] = 1
    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    spaces: tuple[Space, ...] = ()
    scores: dict[Word, Number] = msgspec.field(default_factory=dict)
    flag: bool | None = None


@pytest.mark.parametrize("path", [*schema.SCHEMAS, schema.TYPES])
def test_what_is_made_from_the_models_is_that_of_the_models(path: str) -> None:
    assert (ROOT / path).read_text("utf-8") == schema.made()[path], (
        "run `python -m training.contract.schema`"
    )


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("docs/card.schema.json", "models/*/card.json"),
        ("docs/table.schema.json", "results/*/table.json"),
        ("docs/task.schema.json", "results/*/task.json"),
    ],
)
def test_what_ships_is_as_its_schema_says(path: str, files: str) -> None:
    validator = Draft202012Validator(json.loads((ROOT / path).read_text("utf-8")))
    shipped = sorted((ROOT / "assets").glob(files))
    assert shipped
    for file in shipped:
        tree = json.loads(file.read_text("utf-8"))
        validator.validate(tree)
        assert not validator.is_valid(tree | {"another field": 1})


def test_every_recipe_is_as_the_printed_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--schema"]) == 0
    validator = Draft202012Validator(json.loads(capsys.readouterr().out))
    for recipe in RECIPES.values():
        validator.validate(to_json(recipe.run))
    assert not validator.is_valid(to_json(RECIPES["digits"].run) | {"sede": 1})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"nmae": "x"}, "toy has an unknown field 'nmae'; did you mean 'name'?"),
        ({"zzz": "x"}, "toy has an unknown field 'zzz'; known: name, size, share, spaces, "),
        ({"name": ...}, "toy lacks the field 'name'."),
        ({"name": "Z"}, "toy: name is 'Z'; expected lower-case letters, digits and underscores"),
        ({"name": "z\n"}, r"toy: name is 'z\n'; expected lower-case"),
        ({"size": 0}, "toy: size is 0; expected a whole number from 1 to 1,024."),
        ({"size": 1.0}, "toy: size is 1.0; expected a whole number from 1 to 1,024."),
        ({"size": True}, "toy: size is true; expected a whole number from 1 to 1,024."),
        ({"size": "1"}, "toy: size is '1'; expected a whole number from 1 to 1,024."),
        ({"share": 1}, "toy: share is 1; expected a finite number greater than 0, and below 1."),
        ({"flag": 1}, "toy: flag is 1; expected true or false, or null."),
        ({"scores": {"a": "b"}}, "toy: scores['a'] is 'b'; expected a finite number."),
        ({"scores": {"a\0": 1}}, r"toy: scores['a\x00'] is 'a\x00'; expected printable text that"),
        ({"scores": {"a": float("nan")}}, "toy: scores['a'] is nan; expected a finite number."),
        ({"scores": {"a": 10**400}}, "toy: scores['a'] is too large; expected a finite number."),
        ({"spaces": {}}, "toy: spaces is {}; expected a list."),
        (
            {"spaces": [{"kind": "knob"}]},
            "toy: spaces[0].kind is 'knob'; choose one of continuous, categorical, code_grid, "
            "tokens, image.",
        ),
        ({"spaces": [{"name": "z"}]}, "toy: spaces[0] lacks the field 'kind': one of continuous"),
        ({"spaces": [{"kind": "tokens"}]}, "toy: spaces[0] lacks the field 'name'."),
        (
            {"spaces": [{"kind": "continuous", "name": "z", "size": 2, "prior": "flat"}]},
            "toy: spaces[0].prior is 'flat'; expected standard_normal, or null.",
        ),
        (
            {"spaces": [{"kind": "tokens", "name": "t", "alphabet": ["a", "a"], "longest": 3}]},
            "toy: spaces[0]: alphabet names 'a' twice.",
        ),
    ],
)
def test_a_refusal_says_where_what_and_what_instead(change: dict[str, Any], sentence: str) -> None:
    tree = {key: value for key, value in ({"name": "z"} | change).items() if value is not ...}
    with pytest.raises(ConfigError) as caught:
        read(Toy, tree, "toy")
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[" * 33 + b"]" * 33, "nested too deeply, beyond 32 levels."),
        (b"[" * 10**6, "nested too deeply"),
        (b'{"a": [NaN]}', "it holds NaN, which is not a number."),
        (b'{"a": ', "toy is not readable JSON: "),
        (b"\xff", "toy is not readable JSON: "),
    ],
)
def test_what_is_not_readable_json_is_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(content, "toy")
    assert sentence in str(caught.value)


def test_brackets_inside_a_text_nest_nothing() -> None:
    text = "[" * 50 + '\\"' + "{" * 50
    assert parse(f'{{"a": "{text}"}}'.encode(), "toy") == {"a": text.replace('\\"', '"')}
    assert parse(b"[" * 32 + b"]" * 32, "toy")


READ = [Card, Table, version1.Card1, RunConfig, Looked, Ward, Order, Event]


def parts(kind: Any) -> Iterator[Any]:
    """Every type that a declared type is made of."""
    waiting, seen = [kind], set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, inspect.StructType):
            if part.cls in seen:
                continue
            seen.add(part.cls)
            waiting += [field.type for field in part.fields]
        for name in ("type", "item_type", "key_type", "value_type"):
            waiting += [inner] if (inner := getattr(part, name, None)) is not None else []
        for name in ("types", "item_types"):
            waiting += getattr(part, name, ())
        yield part


@pytest.mark.parametrize("model", READ)
def test_every_text_and_number_is_bounded(model: type) -> None:
    for part in parts(inspect.type_info(model)):
        if isinstance(part, inspect.StrType):
            assert part.max_length is not None, part
        if isinstance(part, inspect.IntType | inspect.FloatType):
            assert (part.ge, part.gt) != (None, None), part
            assert (part.le, part.lt) != (None, None), part
        assert not isinstance(part, inspect.AnyType)


@pytest.mark.parametrize("model", READ)
def test_no_text_with_a_pattern_may_also_be_a_list_or_an_object(model: type) -> None:
    """msgspec 0.22 writes beyond its memory where a type allows both."""
    for part in parts(inspect.type_info(model)):
        if isinstance(part, inspect.UnionType):
            inner = [
                kind.type if isinstance(kind, inspect.Metadata) else kind for kind in part.types
            ]
            texts = [kind for kind in inner if isinstance(kind, inspect.StrType) and kind.pattern]
            nests = (inspect.VarTupleType, inspect.TupleType, inspect.DictType, inspect.StructType)
            assert not (texts and any(isinstance(kind, nests) for kind in inner)), part


def held(before: Any, after: Any) -> None:
    """Whatever was there before is there, and the same."""
    if isinstance(before, dict):
        for name, value in before.items():
            held(value, after[name])
    elif isinstance(before, list):
        assert len(before) == len(after)
        for old, new in zip(before, after, strict=True):
            held(old, new)
    else:
        assert before == after


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_a_shipped_card_says_in_version_2_what_it_said(folder: Path) -> None:
    tree = json.loads((folder / "card.json").read_text("utf-8"))
    card = read_card(folder, check=())
    assert card_of(plain(card), "again") == card
    assert card.training is not None
    assert [
        (point.step, point.train_loss, point.validation_loss) for point in card.training.history
    ] == [
        (
            point["step"],
            point.get("train_loss_nats", point.get("train_loss")),
            point.get("validation_loss_nats", point.get("validation_loss")),
        )
        for point in tree["training"]["history"]
    ]
    assert configuration(card, folder.name) == from_json(plain(card.training.configuration), "x")


def test_a_card_of_version_1_says_in_version_2_what_it_said() -> None:
    tree = json.loads((Path(__file__).parent / "cards" / "version1.json").read_text("utf-8"))
    assert tree["version"] == 1
    card = card_of(tree, "old")
    assert card.controls == (Continuous("z", tree["controls"]["latents"], "standard_normal"),)
    assert plain(card.output) == {"kind": "pixels", **tree["image"]}
    assert plain(card.training) == {
        **tree["training"],
        "history": [
            {name.replace("_loss_nats", "_loss"): value for name, value in point.items()}
            for point in tree["training"]["history"]
        ],
        "loss_name": "loss",
        "loss_unit": "nats",
        "command": tree["command"],
        "configuration": tree["config"],
    }
    for name in ("title", "metrics", "latents", "latents_provenance", "examples", "files", "map"):
        held(tree[name], plain(getattr(card, name)))


@pytest.mark.parametrize(
    ("data", "factor", "size", "kind", "values"),
    [
        ("sprites", "shape", 3, "categorical", ("square", "ellipse", "heart")),
        ("scenes", "shape", 4, "categorical", ("cube", "cylinder", "sphere", "capsule")),
        ("sprites", "orientation", 40, "circular", None),
        ("scenes", "orientation", 15, "ordered", None),
        ("mine", "shape", 3, "ordered", None),
    ],
)
def test_a_factor_of_version_1_has_the_kind_that_its_data_set_gives_it(
    data: str, factor: str, size: int, kind: str, values: tuple[str, ...] | None
) -> None:
    tree = json.loads((Path(__file__).parent / "cards" / "version1.json").read_text("utf-8"))
    assert tree["version"] == 1
    tree["data"] |= {"name": data, "labels": None, "factors": [{"name": factor, "size": size}]}
    tree["information"] = None
    (found,) = card_of(tree, "old").data.factors or ()
    assert (found.name, found.size, found.kind, found.values) == (factor, size, kind, values)


@pytest.mark.parametrize("folder", TABLES, ids=lambda folder: folder.name)
def test_a_shipped_table_loses_nothing(folder: Path) -> None:
    tree = json.loads((folder / "table.json").read_text("utf-8"))
    again = plain(read_table(folder))
    held(tree, again)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: CodeGrid("codes", 300, 300, 8), "a grid has at most 65,536 cells"),
        (lambda: Tokens("word", ("a", "b", "a"), 5), "alphabet names 'a' twice"),
        (lambda: Port("z", "float32", ("batch", 2), "value"), "needs the name of a control"),
    ],
)
def test_what_code_makes_is_checked_too(make: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


def documented() -> dict[str, Any]:
    """The card that docs/format.md shows."""
    text = (ROOT / "docs" / "format.md").read_text("utf-8")
    card: dict[str, Any] = json.loads(text.split("```json\n")[1].split("```")[0])
    return card


def test_the_card_that_the_description_shows_is_one() -> None:
    card = card_of(documented(), "docs/format.md")
    assert card.size == 2
    assert {factor.kind for factor in card.data.factors or ()} == {
        "ordered",
        "categorical",
        "circular",
    }


def test_the_description_leaves_no_field_out() -> None:
    text = (ROOT / "docs" / "format.md").read_text("utf-8")
    structs = [part for part in parts(inspect.type_info(Card)) if hasattr(part, "cls")]
    names = {field.name for struct in structs for field in struct.fields}
    assert sorted(name for name in names if not re.search(rf"[`\"]{name}[`\"]", text)) == []
    kinds = {str(struct.tag) for struct in structs if struct.tag}
    assert sorted(kind for kind in kinds if f"`{kind}`" not in text) == []
