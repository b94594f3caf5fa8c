"""Every run that we offer: one row of data each, with a line of intent."""

from training.recipes import (
    burda,
    denoising,
    digits,
    factors,
    fashion,
    likelihoods,
    names,
    own,
)
from training.recipes.recipe import Recipe

__all__ = ["RECIPES", "Recipe"]

RECIPES = {
    recipe.name: recipe
    for rows in (digits, likelihoods, denoising, fashion, factors, names, own, burda)
    for recipe in rows.RECIPES
}
