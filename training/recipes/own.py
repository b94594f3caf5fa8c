"""Images of your own."""

from training.config import DataConfig, RunConfig, TrainConfig
from training.families.vae import VAE
from training.objectives.beta_vae import BetaVAE
from training.recipes.recipe import Recipe

RECIPES = (
    Recipe(
        name="own",
        title="Images of my own",
        intent="Images from a folder of your own (--data.path), in sixteen latents: find out "
        "what each slider has learned about them.",
        cost="varies",
        run=RunConfig(
            data=DataConfig("own"),
            model=VAE(latents=16, likelihood="gaussian_learned", activation="silu"),
            objective=BetaVAE(beta=1),
            train=TrainConfig(steps=5_000, batch_size=64, weight_decay=0.01),
        ),
    ),
)
