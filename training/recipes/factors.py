"""Sprites and scenes: images whose factors are known."""

from msgspec.structs import replace

from training.config import DataConfig, RunConfig, TrainConfig
from training.families.qlae import QLAE
from training.families.vae import VAE
from training.objectives.beta_tcvae import BetaTCVAE
from training.objectives.beta_vae import BetaVAE
from training.objectives.capacity import Capacity
from training.objectives.factor_vae import FactorVAE
from training.objectives.objective import ObjectiveConfig
from training.recipes.recipe import Recipe


def _sprites(objective: ObjectiveConfig) -> RunConfig:
    """Patches of 4×4 pixels on 4.8 million sprites; runs that are compared differ in this alone."""
    return RunConfig(
        data=DataConfig("sprites"),
        model=VAE(
            latents=10,
            likelihood="bernoulli",
            name="patch_vae",
            patch=4,
            channels=(16, 32, 64),
            hidden=(128,),
            activation="silu",
        ),
        objective=objective,
        train=TrainConfig(steps=75_000, batch_size=64, weight_decay=0.01, validate_every=2500),
    )


def _scenes() -> RunConfig:
    """1.9 million scenes, by convolutions."""
    return RunConfig(
        data=DataConfig("scenes"),
        model=VAE(
            latents=10,
            likelihood="bernoulli",
            channels=(16, 32, 32, 32),
            hidden=(256,),
            activation="silu",
        ),
        objective=BetaVAE(beta=4),
        train=TrainConfig(steps=30_000, batch_size=64, validate_every=2000),
    )


def _quantized(run: RunConfig, gamma: float) -> RunConfig:
    """A run of these data with twelve latents of ten values, by styled networks.

    The paper decays weights by 0.1 over 200,000 steps; ten times as much does it in fewer.
    """
    train = replace(
        run.train, steps=20_000, learning_rate=1e-3, weight_decay=1.0, validate_every=2000
    )
    model = QLAE(
        12,
        name="styled",
        patch=8,
        channels=(32, 64),
        hidden=(128,),
        levels=10,
        gamma=gamma,
    )
    return replace(run, model=model, objective=None, train=train)


def _rung(beta: float) -> Recipe:
    """One β of the ladder on sprites: rungs are alike but for it."""
    return Recipe(
        name=f"sprites-beta{beta:g}",
        title=f"Sprites, β = {beta:g}",
        intent=f"A rung of the ladder, β = {beta:g}, on images whose factors are known: find which "
        "latent moves which factor.",
        cost="15 min",
        run=_sprites(BetaVAE(beta=beta)),
    )


RECIPES = (
    *(_rung(beta) for beta in (0.5, 1, 2, 4, 8, 16)),
    Recipe(
        name="sprites-tcvae",
        title="Sprites, β-TCVAE",
        intent="Only one part of the KL, the total correlation, is weighted by β = 4 (Chen et"
        " al. 2018): see what the images keep that β = 4 on the whole KL takes from "
        "them.",
        cost="18 min",
        run=_sprites(BetaTCVAE(beta=4)),
    ),
    Recipe(
        name="sprites-factor",
        title="Sprites, FactorVAE",
        intent="A discriminator finds total correlation, γ = 20 presses it (Kim & Mnih 2018):"
        " see how sharp the images stay.",
        cost="25 min",
        run=_sprites(FactorVAE(gamma=20, layers=5, units=512, discriminator_rate=5e-4)),
    ),
    Recipe(
        name="sprites-capacity",
        title="Sprites, rising capacity",
        intent="The KL is held at C, which rises from 0 to 20 nats (Burgess et al. 2018): one "
        "factor after another finds its latent.",
        cost="15 min",
        run=_sprites(Capacity(gamma=30, c_start=0, c_end=20, c_steps=60_000)),
    ),
    Recipe(
        name="scenes",
        title="Scenes",
        intent="A room in colour, drawn from six known factors: find the slider that repaints "
        "the wall, and see which factors share one.",
        cost="18 min",
        run=_scenes(),
    ),
    Recipe(
        name="sprites-qlae",
        title="Sprites, quantized",
        intent="Each latent takes one of ten values, and weights are pressed hard: find "
        "the slider that counts through one factor, value by value.",
        cost="8 min",
        run=_quantized(_sprites(BetaVAE()), 0),
    ),
    Recipe(
        name="scenes-qlae",
        title="Scenes, quantized",
        intent="Each latent takes one of ten values: ten hues and eight sizes fit on a "
        "slider each. See which factors got one of their own.",
        cost="8 min",
        run=_quantized(_scenes(), 0),
    ),
    Recipe(
        name="scenes-qlae-tc",
        title="Scenes, quantized, total correlation",
        intent="A quantized autoencoder whose total correlation is pressed by a discriminator "
        "(after Baykal et al. 2024): see whether fewer factors share a slider.",
        cost="8 min",
        run=_quantized(_scenes(), 10),
    ),
)
