"""Garments in grey levels."""

from training.config import DataConfig, RunConfig, TrainConfig
from training.families.image_cvae import ImageCVAE
from training.objectives.beta_vae import BetaVAE
from training.recipes.digits import small
from training.recipes.recipe import Recipe

RECIPES = (
    Recipe(
        name="fashion",
        title="Fashion",
        intent="Clothing in grey levels, with the KL weighted by β = 4 for better samples.",
        cost="10 min",
        run=RunConfig(
            data=DataConfig("fashion", pixels="dequantized"),
            model=small(10, "continuous_bernoulli", channels=(32, 32), hidden=(256, 256)),
            objective=BetaVAE(beta=4),
            train=TrainConfig(
                steps=8_000,
                batch_size=256,
                weight_decay=0.1,
                optimizer="muon",
                warmup=200,
            ),
        ),
    ),
    Recipe(
        name="fashion-halves",
        title="Garments from a half",
        intent="The model sees half of a garment, or what a brush leaves visible, and z ~ N(0, "
        "I) chooses among the whole ones that it could belong to.",
        cost="6 min",
        run=RunConfig(
            data=DataConfig("fashion", pixels="dequantized"),
            model=ImageCVAE(10, likelihood="continuous_bernoulli", hidden=(160,)),
            objective=BetaVAE(beta=1),
            train=TrainConfig(steps=6_000, batch_size=128, weight_decay=0.05),
        ),
    ),
)
