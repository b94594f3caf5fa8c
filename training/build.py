"""The one place where the names in a configuration become what they name."""

from pathlib import Path

import torch
from torch import nn

from training.config import ModelConfig, RunConfig
from training.contract.outputs import LikelihoodName
from training.datasets import Dataset
from training.errors import DataError
from training.learners import Learner, OneLoss
from training.likelihoods import (
    BernoulliLikelihood,
    ContinuousBernoulliLikelihood,
    GaussianLikelihood,
)
from training.models.convolutional import convolutional
from training.models.dense import dense
from training.models.gaussian_vae import GaussianVAE
from training.models.patches import patches
from training.objective_config import (
    BetaTCVAEConfig,
    BetaVAEConfig,
    CapacityConfig,
    DIPVAEIConfig,
    DIPVAEIIConfig,
    FactorVAEConfig,
    GECOConfig,
    IWAEConfig,
    ObjectiveConfig,
)
from training.objectives import Objective
from training.objectives.beta_tcvae import BetaTCVAE
from training.objectives.beta_vae import BetaVAE
from training.objectives.capacity import Capacity
from training.objectives.dip_vae import DIPVAEI, DIPVAEII
from training.objectives.factor_vae import Discriminator, FactorVAE
from training.objectives.geco import GECO, Multiplier
from training.objectives.iwae import IWAE
from training.optimizers import Descent, begun

Model = GaussianVAE


def dataset(name: str, folder: Path) -> Dataset:
    """The data set `name`; `folder` holds it, or receives its download."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is not a folder; name one with --data.")
    match name:
        case "digits":
            from training.datasets.mnist import digits

            return digits(folder)
        case "fashion":
            from training.datasets.mnist import fashion

            return fashion(folder)
        case "sprites":
            from training.datasets.sprites import sprites

            return sprites(folder)
        case "scenes":
            from training.datasets.scenes import scenes

            return scenes()
    raise ValueError(f"There is no data set {name!r}.")


def model(config: ModelConfig, image_shape: tuple[int, int, int]) -> Model:
    """An untrained model for images (C, H, W)."""
    latents, hidden, activation = config.latents, config.hidden, config.activation
    channels, patch = config.channels, config.patch
    match config.name:
        case "conv_vae":
            networks = convolutional(
                image_shape, 2 * latents, latents, channels, hidden, activation
            )
        case "patch_vae":
            networks = patches(
                image_shape, 2 * latents, latents, patch, channels, hidden, activation
            )
        case "mlp_vae":
            networks = dense(image_shape, 2 * latents, latents, hidden, activation)
    return GaussianVAE(latents, *networks, likelihood(config.likelihood))


def likelihood(name: LikelihoodName) -> nn.Module:
    """p(x|z) by name."""
    match name:
        case "bernoulli":
            return BernoulliLikelihood()
        case "continuous_bernoulli":
            return ContinuousBernoulliLikelihood()
        case "gaussian" | "gaussian_learned":
            return GaussianLikelihood(learned=name == "gaussian_learned")


def objective(
    config: ObjectiveConfig, latents: int, images: int, device: torch.device
) -> Objective:
    """The training objective by name, for a model of so many latents.

    Args:
        images: how many the training split has.
        device: where parts that learn are put.
    """
    match config:
        case BetaVAEConfig():
            return BetaVAE(config.beta)
        case CapacityConfig():
            return Capacity(config.gamma, config.c_start, config.c_end, config.c_steps)
        case GECOConfig():
            return GECO(config.kappa, config.alpha, config.rate, Multiplier().to(device))
        case BetaTCVAEConfig():
            return BetaTCVAE(config.alpha, config.beta, config.gamma, config.estimator, images)
        case FactorVAEConfig():
            part = Discriminator(latents, config.layers, config.units).to(device)
            adam = torch.optim.Adam(  # the paper's settings, Appendix A
                part.parameters(),
                lr=config.discriminator_rate,
                betas=(0.5, 0.9),
                fused=device.type != "mps",
            )
            return FactorVAE(config.gamma, part, begun(adam))
        case DIPVAEIConfig():
            return DIPVAEI(config.lambda_od, config.lambda_d)
        case DIPVAEIIConfig():
            return DIPVAEII(config.lambda_od, config.lambda_d)
        case IWAEConfig():
            return IWAE(config.k)


def learner(
    config: RunConfig, model: Model, images: int, precision: torch.dtype, device: torch.device
) -> Learner:
    """What trains the model.

    Args:
        images: how many the training split has.
    """
    loss = objective(config.objective, config.model.latents, images, device)
    descent = Descent(model, config.train, device)
    return OneLoss(model, loss, descent, config.train, precision)
