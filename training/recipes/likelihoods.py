"""Digits in grey levels, under four likelihoods of one network."""

import math

from msgspec.structs import replace

from training.config import DataConfig, RunConfig, TrainConfig
from training.contract.outputs import LikelihoodName
from training.families.vae import VAE
from training.objectives.beta_vae import BetaVAE
from training.recipes.digits import small
from training.recipes.recipe import Recipe


def _grey(likelihood: LikelihoodName, sigma: float = 0.1) -> VAE:
    """The network that reads digits in grey levels by any likelihood."""
    return replace(small(10, likelihood, channels=(16, 32), hidden=(128,)), sigma=sigma)


def _likelihood(name: str, title: str, intent: str, model: VAE) -> Recipe:
    """A run that differs from the others in p(x|z) alone."""
    return Recipe(
        name=name,
        title=title,
        intent=intent,
        cost="2 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=model,
            objective=BetaVAE(beta=1),
            train=TrainConfig(steps=6_000, batch_size=128, weight_decay=0.05),
        ),
    )


RECIPES = (
    _likelihood(
        "digits-bernoulli",
        "Digits, Bernoulli",
        "Every grey level is the chance of a white pixel, so the loss is the cross-entropy: "
        "one likelihood of several, beside the Gaussians.",
        _grey("bernoulli"),
    ),
    _likelihood(
        "digits-sigma-fixed",
        "Digits, Gaussian, σ = 0.1",
        "Squared error on a scale that somebody chose: with σ = 0.1 it counts fifty times as "
        "much, and the KL hardly at all.",
        _grey("gaussian"),
    ),
    _likelihood(
        "digits-sigma-learned",
        "Digits, Gaussian, learned σ",
        "A Gaussian whose σ is learned with the weights: it becomes the size of the error that "
        "is left, so nobody has to choose a β.",
        _grey("gaussian_learned"),
    ),
    _likelihood(
        "digits-textbook",
        "Digits, squared error plus KL",
        "The loss of many textbooks: squared error plus KL, and no scale between them. That is "
        "a Gaussian of σ = 0.71: compare its codes and images with those of a learned σ.",
        _grey("gaussian", sigma=math.sqrt(0.5)),
    ),
)
