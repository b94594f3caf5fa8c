"""The one place where the names in a configuration become what they name."""

from pathlib import Path

from torch import nn

from training.config import DataConfig
from training.contract.outputs import LikelihoodName
from training.datasets import Dataset
from training.errors import DataError
from training.models.likelihoods import (
    SIGMA,
    BernoulliLikelihood,
    ContinuousBernoulliLikelihood,
    GaussianLikelihood,
)


def data(config: DataConfig, folder: Path) -> Dataset:
    """The images of a configuration; `folder` holds them, or receives what is made of them."""
    if config.name != "own":
        return dataset(config.name, folder)
    from training.datasets.own import own

    return own(config, folder)


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
        case "names":
            from training.datasets.names import names

            return names()
    raise ValueError(f"There is no data set {name!r}.")


def likelihood(name: LikelihoodName, sigma: float = SIGMA) -> nn.Module:
    """p(x|z) by name; `sigma` is that of a Gaussian, or where a learned one begins."""
    match name:
        case "bernoulli":
            return BernoulliLikelihood()
        case "continuous_bernoulli":
            return ContinuousBernoulliLikelihood()
        case "gaussian" | "gaussian_learned":
            return GaussianLikelihood(learned=name == "gaussian_learned", sigma=sigma)
