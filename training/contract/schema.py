"""`python -m training.contract.schema`: write what is made from the models of the contract.

The JSON Schemas of a card, a table and a task, for other programs, and types for the browser's
code. They are committed; a test finds out when they are not those of the models. That of a
configuration grows with each family and objective: `python -m training list --schema` prints it.
"""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec

from training.contract.card import Card
from training.contract.table import Table
from training.contract.task import Task

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {
    "docs/card.schema.json": Card,
    "docs/table.schema.json": Table,
    "docs/task.schema.json": Task,
}
TYPES = "explorer/instrument/web/checkpoint/contract.d.ts"
MADE = "Made by `python -m training.contract.schema`; edit training/contract instead."


def made() -> dict[str, str]:
    """The text of each file by its path."""
    texts = {}
    for path, model in SCHEMAS.items():
        texts[path] = schema_of(model, MADE)
    texts[TYPES] = f"// {MADE}\n\n{interfaces((Card, Table))}"
    return texts


def schema_of(model: type, comment: str) -> str:
    """The JSON Schema of a model."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": comment,
        **msgspec.json.schema(model),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def interfaces(models: Collection[type], optional: Collection[type] = ()) -> str:
    """TypeScript interfaces of models and of those that they are made of.

    Args:
        optional: of these, a field that has a default may be left out.
    """
    _, definitions = msgspec.json.schema_components(models, ref_template="{name}")
    less = {model.__name__ for model in optional}
    return "\n".join(
        _interface(name, schema, name in less) for name, schema in sorted(definitions.items())
    )


def _interface(name: str, schema: dict[str, Any], optional: bool) -> str:
    """A model as a TypeScript interface, with its docstring."""
    required = schema.get("required", [])
    # What is read has been checked and is sent with every default, so each field is there.
    fields = [
        f"  {field}{'?' if optional and field not in required else ''}: {_type(kind)};"
        for field, kind in schema["properties"].items()
    ]
    assert set(required) <= set(schema["properties"])
    return "\n".join([*_comment(schema), f"export interface {name} {{", *fields, "}", ""])


def _comment(schema: dict[str, Any]) -> Iterator[str]:
    lines = schema.get("description", "").splitlines()
    if lines:
        yield "/**"
        yield from (f" * {line.strip()}".rstrip() for line in lines)
        yield " */"


def _type(schema: dict[str, Any]) -> str:
    """A JSON Schema as a TypeScript type."""
    if "$ref" in schema:
        return str(schema["$ref"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(map(_type, schema['prefixItems']))}]"
        case "array":
            item = _type(schema["items"])
            return f"({item})[]" if " " in item else f"{item}[]"
        case "object":
            return f"Record<string, {_type(schema['additionalProperties'])}>"
        case "integer" | "number":
            return "number"
        case kind:
            return str(kind)


def main() -> None:
    """Write them."""
    for path, text in made().items():
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
