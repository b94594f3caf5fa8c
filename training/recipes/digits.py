"""Handwritten digits, by a model of each kind."""

from training.config import DataConfig, RunConfig, TrainConfig
from training.contract.outputs import LikelihoodName
from training.families.autoencoder import Autoencoder
from training.families.conditional_vae import ConditionalVAE
from training.families.gan import GAN
from training.families.hierarchical import Hierarchical
from training.families.image_cvae import ImageCVAE
from training.families.pca import PCA
from training.families.semi_supervised import SemiSupervised
from training.families.transformer import Transformer
from training.families.vae import VAE
from training.families.vaegan import VAEGAN
from training.families.vqvae import VQVAE
from training.objectives.beta_vae import BetaVAE
from training.recipes.recipe import Recipe


def small(
    latents: int,
    likelihood: LikelihoodName,
    channels: tuple[int, ...] = (32, 32),
    hidden: tuple[int, ...] = (256,),
) -> VAE:
    """The network of the 28×28 images."""
    return VAE(latents, likelihood, channels=channels, hidden=hidden, activation="silu")


def _points(latents: int) -> Autoencoder:
    """Convolutions around codes that are points."""
    return Autoencoder(latents, channels=(16, 32), hidden=(128,))


RECIPES = (
    Recipe(
        name="digits",
        title="Digits",
        intent="The plain VAE: handwritten digits in ten latents, as sharp as its ELBO allows.",
        cost="10 min",
        run=RunConfig(
            data=DataConfig("digits", pixels="binarized"),
            model=small(10, "bernoulli", hidden=(256, 256)),
            objective=BetaVAE(beta=1),
            # Muon learns more of every image than AdamW does; its weight decay, twenty times
            # stronger at this rate, keeps what is learned general.
            train=TrainConfig(
                steps=12_000, batch_size=256, optimizer="muon", warmup=200, weight_decay=0.1
            ),
        ),
    ),
    Recipe(
        name="digits-2d",
        title="Digits in the plane",
        intent="Only two latents, so that the whole latent space fits on one sheet.",
        cost="3 min",
        run=RunConfig(
            data=DataConfig("digits", pixels="binarized"),
            model=small(2, "bernoulli"),
            objective=BetaVAE(beta=1),
            train=TrainConfig(steps=14_000, batch_size=128, weight_decay=0.05),
        ),
    ),
    Recipe(
        name="digits-cvae",
        title="Digits by label",
        intent="The decoder is given the label besides ten latents, so z need only hold the "
        "style: write all ten digits in one style. β = 5 keeps the label out of z.",
        cost="2 min",
        run=RunConfig(
            data=DataConfig("digits", pixels="binarized"),
            model=ConditionalVAE(10),
            objective=BetaVAE(beta=5),
            train=TrainConfig(steps=6_000, batch_size=128, weight_decay=0.05),
        ),
    ),
    Recipe(
        name="digits-halves",
        title="Digits from a half",
        intent="The model sees half of a digit, or what a brush leaves visible, and z ~ N(0, "
        "I) chooses how to complete it: one half, several whole digits.",
        cost="5 min",
        run=RunConfig(
            data=DataConfig("digits", pixels="binarized"),
            model=ImageCVAE(10, hidden=(160,)),
            objective=BetaVAE(beta=1),
            train=TrainConfig(steps=5_000, batch_size=128, weight_decay=0.05),
        ),
    ),
    Recipe(
        name="digits-semi",
        title="Digits, 100 labels",
        intent="55,000 digits, of which 100 have a label (Kingma et al. 2014, M1 + M2): see "
        "which label q(y|x) gives an image, and write all ten digits in one style.",
        cost="8 min",
        run=RunConfig(
            data=DataConfig("digits", pixels="binarized"),
            # M2 is small, and errs less the longer it learns.
            model=SemiSupervised(alpha=0.3),
            objective=None,
            train=TrainConfig(steps=16_000, batch_size=128, weight_decay=0.01, precision="float32"),
        ),
    ),
    Recipe(
        name="digits-two-layers",
        title="Digits, two layers",
        intent="z2 says what z1 is likely to be, and z1 draws the digit: drag the upper layer "
        "to change which digit, the lower one to change how it is written.",
        cost="4 min",
        run=RunConfig(
            data=DataConfig("digits", pixels="binarized"),
            model=Hierarchical(),
            objective=None,
            train=TrainConfig(steps=6_000, batch_size=128, weight_decay=0.05),
        ),
    ),
    Recipe(
        name="digits-ae",
        title="Digits, autoencoder",
        intent="One point for each image, and no prior: reconstruct, then look between the "
        "points for codes that decode to no digit.",
        cost="3 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=_points(10),
            objective=None,
            train=TrainConfig(steps=6_000, batch_size=128),
        ),
    ),
    Recipe(
        name="digits-ae-2d",
        title="Digits, autoencoder in the plane",
        intent="An autoencoder with two latents: all of its latent space on one sheet, holes "
        "included.",
        cost="3 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=_points(2),
            objective=None,
            train=TrainConfig(steps=6_000, batch_size=128),
        ),
    ),
    Recipe(
        name="digits-linear",
        title="Digits, linear autoencoder",
        intent="One matrix each way, trained by gradient descent: it finds PCA's subspace, "
        "though not its axes.",
        cost="1 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=Autoencoder(10, name="linear"),
            objective=None,
            train=TrainConfig(steps=8_000, batch_size=256, precision="float32"),
        ),
    ),
    Recipe(
        name="digits-pca",
        title="Digits, PCA",
        intent="Ten principal components in closed form: what the best linear map keeps of a "
        "digit, the largest share first.",
        cost="1 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=PCA(10),
            objective=None,
            train=TrainConfig(steps=110, batch_size=500, validate_every=110, precision="float32"),
        ),
    ),
    Recipe(
        name="digits-vq",
        title="Digits in 49 codes",
        intent="A digit is a grid of 7×7 codes out of 64: paint with them, or let the "
        "transformer write them one by one.",
        cost="10 min",
        run=RunConfig(
            data=DataConfig("digits", pixels="binarized"),
            model=VQVAE(prior_from=5_000, prior_width=96),
            objective=None,
            train=TrainConfig(steps=8_000, batch_size=64, precision="float32"),
        ),
    ),
    Recipe(
        name="digits-transformer",
        title="Digits, patch by patch",
        intent="A transformer writes a small black and white digit patch by patch. It knows "
        "ln p(x) exactly, and has no latent to drag.",
        cost="5 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=Transformer(width=96),
            objective=None,
            train=TrainConfig(steps=4_000, batch_size=64, precision="float32"),
        ),
    ),
    Recipe(
        name="digits-gan",
        title="Digits, GAN",
        intent="A generator that learned from a critic's verdict: sharp digits, no encoder and "
        "no density. Which digits does it never draw?",
        cost="8 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=GAN(r1=1.0, average=0.999),
            objective=None,
            train=TrainConfig(steps=12_000, batch_size=64),
        ),
    ),
    Recipe(
        name="digits-vaegan",
        title="Digits, VAE-GAN",
        intent="A VAE that compares images by a critic's features instead of pixel by pixel: "
        "sharp reconstructions that may be of another digit, and no density.",
        cost="8 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=VAEGAN(),
            objective=None,
            train=TrainConfig(steps=8_000, batch_size=64),
        ),
    ),
)
