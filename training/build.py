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
from training.optimizers import Descent

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


def learner(
    config: RunConfig, model: Model, images: int, precision: torch.dtype, device: torch.device
) -> Learner:
    """What trains the model.

    Args:
        images: how many the training split has.
    """
    loss = config.objective.build(config.model.latents, images, device)
    descent = Descent(model, config.train, device)
    return OneLoss(model, loss, descent, config.train, precision)
