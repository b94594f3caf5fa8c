"""Every run that we offer: one row of data each, with a line of intent."""

import math
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from training.config import (
    DataConfig,
    RunConfig,
    TrainConfig,
)
from training.contract.outputs import LikelihoodName
from training.families.autoencoder import Autoencoder
from training.families.conditional_vae import ConditionalVAE
from training.families.denoising import Denoising
from training.families.gan import GAN
from training.families.hierarchical import Hierarchical
from training.families.image_cvae import ImageCVAE
from training.families.pca import PCA
from training.families.qlae import QLAE
from training.families.semi_supervised import SemiSupervised
from training.families.text_transformer import TextTransformer
from training.families.text_vae import TextVAE
from training.families.transformer import Transformer
from training.families.vae import VAE
from training.families.vaegan import VAEGAN
from training.families.vqvae import VQVAE
from training.objectives.beta_tcvae import BetaTCVAE
from training.objectives.beta_vae import BetaVAE
from training.objectives.capacity import Capacity
from training.objectives.factor_vae import FactorVAE
from training.objectives.iwae import IWAE
from training.objectives.objective import ObjectiveConfig


@dataclass(frozen=True)
class Recipe:
    """A run with a name. `cost` is the time it takes on two CPU cores, in bfloat16 if it may."""

    name: str
    title: str
    intent: str
    cost: str
    run: RunConfig


def _small(
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


def _denoising(width: Literal["narrow", "wide"], level: float) -> Recipe:
    """Of four networks one: fewer hidden units than pixels or more, clean images or noisy ones."""
    learned = "noisy" if level else "clean"
    return Recipe(
        name=f"digits-denoise-{width}-{learned}",
        title=f"Digits, {width}, from {learned} images",
        intent=_DENOISING_INTENTS[width, learned],
        cost="2 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=Denoising({"narrow": 64, "wide": 1024}[width], level=level),
            objective=None,
            train=TrainConfig(steps=3_000, batch_size=128, precision="float32"),
        ),
    )


_DENOISING_INTENTS = {
    ("narrow", "clean"): "64 hidden units for 784 pixels, trained on clean digits: too few to copy "
    "the noise that you add.",
    ("narrow", "noisy"): "64 hidden units, trained to remove noise: add some, and see what is "
    "left of it.",
    ("wide", "clean"): "1,024 hidden units for 784 pixels, trained on clean digits: room enough to "
    "copy an image with all its noise.",
    ("wide", "noisy"): "The same 1,024 hidden units, trained to remove noise: width copies, and "
    "noise in training teaches what to leave out.",
}


def _likelihood(name: str, title: str, intent: str, model: VAE) -> Recipe:
    """Of one network several p(x|z), all of the same grey levels; they differ in that alone."""
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


def _grey(likelihood: LikelihoodName, sigma: float = 0.1) -> VAE:
    """The network that reads digits in grey levels by any likelihood."""
    return replace(_small(10, likelihood, channels=(16, 32), hidden=(128,)), sigma=sigma)


def _names(model: TextVAE | TextTransformer, weight_decay: float = 0) -> RunConfig:
    """40 epochs of 4,100 names; VAEs that are compared differ in their helps alone."""
    return RunConfig(
        data=DataConfig("names"),
        model=model,
        objective=None,
        train=TrainConfig(
            steps=2_560,
            batch_size=64,
            learning_rate=2e-3,
            weight_decay=weight_decay,
            validate_every=64,
            precision="float32",
        ),
    )


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


RECIPES = {
    recipe.name: recipe
    for recipe in [
        Recipe(
            name="digits",
            title="Digits",
            intent="The plain VAE: handwritten digits in ten latents, as sharp as its ELBO allows.",
            cost="10 min",
            run=RunConfig(
                data=DataConfig("digits", pixels="binarized"),
                model=_small(10, "bernoulli", hidden=(256, 256)),
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
                model=_small(2, "bernoulli"),
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
                train=TrainConfig(
                    steps=16_000, batch_size=128, weight_decay=0.01, precision="float32"
                ),
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
                train=TrainConfig(
                    steps=110, batch_size=500, validate_every=110, precision="float32"
                ),
            ),
        ),
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
            "The same, and σ is learned with the weights: it becomes the size of the error that "
            "is left, and nobody has to choose a β.",
            _grey("gaussian_learned"),
        ),
        _likelihood(
            "digits-textbook",
            "Digits, squared error plus KL",
            "The loss of many textbooks: squared error plus KL, and no scale between them. That is "
            "a Gaussian of σ = 0.71: compare its codes and images with those of a learned σ.",
            _grey("gaussian", sigma=math.sqrt(0.5)),
        ),
        *(_denoising(width, level) for level in (0.3, 0.0) for width in ("wide", "narrow")),
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
        Recipe(
            name="names",
            title="Names",
            intent="First names, letter by letter. Training hid letters from the decoder so that "
            "it uses z: a slider changes the name.",
            cost="2 min",
            run=_names(TextVAE()),
        ),
        Recipe(
            name="names-collapsed",
            title="Names, collapsed",
            intent="The same network without annealing and word dropout: its decoder ignores z, "
            "so no slider changes the name, and the ELBO hardly shows it.",
            cost="2 min",
            run=_names(TextVAE(word_dropout=0, annealing=0)),
        ),
        Recipe(
            name="names-transformer",
            title="Names, letter by letter",
            intent="A transformer writes the same names without a latent: it knows what each "
            "letter costs exactly, and there is nothing to drag.",
            cost="2 min",
            run=_names(TextTransformer(), weight_decay=0.3),
        ),
        Recipe(
            name="fashion",
            title="Fashion",
            intent="Clothing in grey levels, with the KL weighted by β = 4 for better samples.",
            cost="10 min",
            run=RunConfig(
                data=DataConfig("fashion", pixels="dequantized"),
                model=_small(10, "continuous_bernoulli", channels=(32, 32), hidden=(256, 256)),
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
            intent="The same, and total correlation of the codes is pressed by a discriminator "
            "(after Baykal et al. 2024): see whether fewer factors share a slider.",
            cost="8 min",
            run=_quantized(_scenes(), 10),
        ),
        Recipe(
            name="own",
            title="Images of my own",
            intent="Images from a folder of your own (--data.path), in sixteen latents: find out "
            "what each slider has learned about them.",
            cost="told",
            run=RunConfig(
                data=DataConfig("own"),
                model=VAE(latents=16, likelihood="gaussian_learned", activation="silu"),
                objective=BetaVAE(beta=1),
                train=TrainConfig(steps=5_000, batch_size=64, weight_decay=0.01),
            ),
        ),
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
    ]
}
