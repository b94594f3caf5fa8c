"""`list`: the recipes, and what each is for."""

import argparse

from training.config import RunConfig
from training.contract.schema import schema_of
from training.recipes import RECIPES

HELP = "the recipes, and what each is for"


def add(parser: argparse.ArgumentParser) -> None:
    """Whether it is the fields of a configuration that are listed."""
    parser.add_argument(
        "--schema", action="store_true", help="the JSON Schema of a run's configuration instead"
    )


def run(options: argparse.Namespace) -> int:
    """Print a row a recipe, or the schema."""
    if options.schema:
        print(schema_of(RunConfig, "The configuration of a run, as a card has it."), end="")
        return 0
    for recipe in RECIPES.values():
        print(f"{recipe.name:28} {recipe.cost:>6} on two cores   {recipe.intent}")
    return 0
