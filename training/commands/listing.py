"""`list`: the recipes, and what each is for."""

import argparse

from training.recipes import RECIPES

HELP = "the recipes, and what each is for"


def add(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments."""


def run(options: argparse.Namespace) -> int:
    """Print a row a recipe."""
    for recipe in RECIPES.values():
        print(f"{recipe.name:20} {recipe.cost:>6} on two cores   {recipe.intent}")
    return 0
