"""VAE and IWAE as Burda et al. 2016 compare them, in Section 5."""

from training.config import DataConfig, RunConfig, TrainConfig
from training.families.vae import VAE
from training.objectives.beta_vae import BetaVAE
from training.objectives.iwae import IWAE
from training.objectives.objective import ObjectiveConfig
from training.recipes.recipe import Recipe


def _dense(latents: int) -> VAE:
    """The network of Burda et al. 2016, Section 5, with one stochastic layer."""
    return VAE(
        latents,
        "bernoulli",
        name="mlp_vae",
        channels=(),
        hidden=(200, 200),
        activation="tanh",
    )


def _burda(objective: ObjectiveConfig) -> RunConfig:
    """Digits drawn anew from their grey levels; the two runs differ in the objective alone."""
    return RunConfig(
        data=DataConfig("digits", pixels="binarized"),
        model=_dense(50),
        objective=objective,
        train=TrainConfig(steps=60_000, batch_size=20, validate_every=3000),
    )


RECIPES = (
    Recipe(
        name="burda-vae",
        title="Digits, VAE of Burda et al.",
        intent="The network of one stochastic layer of Burda et al. 2016, on digits drawn anew "
        "from their grey levels. Batches of 20 are the paper's; how the rate falls and 22 "
        "epochs are ours.",
        cost="3 min",
        run=_burda(BetaVAE(beta=1)),
    ),
    Recipe(
        name="burda-iwae",
        title="Digits, IWAE of Burda et al.",
        intent="The same network on as many images under the importance-weighted bound with 50 "
        "samples (Burda et al. 2016).",
        cost="14 min",
        run=_burda(IWAE(k=50)),
    ),
)
