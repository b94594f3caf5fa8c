"""A VAE script as it is often copied, with the lines that are often copied wrong as choices.

Each line is a function with its right and its wrong versions side by side; what a script trains is
what these functions do. Images are binary, x (B, 784); logits (B, 784); mean, log_variance (B, D).
"""

import copy
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PIXELS, HIDDEN = 784, 256


class Network(nn.Module):
    """784–256–D and back, dense layers with ReLU between them."""

    def __init__(self, latents: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(PIXELS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2 * latents)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latents, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, PIXELS)
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The mean and the log-variance of q(z|x)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance


# What the decoder hands to a loss that takes logits.


def logits_as_they_are(output: Tensor) -> Tensor:
    """The loss has its own sigmoid."""
    return output


def sigmoid_before_logits(output: Tensor) -> Tensor:
    """The probabilities are taken for logits: the sigmoid comes twice."""
    return torch.sigmoid(output)


# The reconstruction of a batch from the loss of each pixel, (B, 784).


def summed_over_pixels(loss: Tensor) -> Tensor:
    """−ln p(x|z) of an image in nats, the mean over images."""
    return loss.sum(1).mean()


def averaged_over_pixels(loss: Tensor) -> Tensor:
    """Nats a pixel, which are then added to a KL in nats an image."""
    return loss.mean()


# z, drawn from q(z|x) with noise ε of N(0, I).


def reparameterised(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """z = μ + σ ε (Kingma & Welling 2014, Eq. 4)."""
    return mean + torch.exp(0.5 * log_variance) * noise


def mean_alone(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """σ is trained to match the prior's, and used nowhere."""
    return mean


def cut_from_the_graph(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """As `Normal(mean, std).sample()`: no gradient passes through."""
    return (mean + torch.exp(0.5 * log_variance) * noise).detach()


# The loss from its two parts.


def kl_added(reconstruction: Tensor, kl: Tensor) -> Tensor:
    """−ELBO (Kingma & Welling 2014, Eq. 3)."""
    return reconstruction + kl


def kl_subtracted(reconstruction: Tensor, kl: Tensor) -> Tensor:
    """The minus of the ELBO was copied, and the ELBO was not."""
    return reconstruction - kl


def kl_left_out(reconstruction: Tensor, kl: Tensor) -> Tensor:
    """The KL is printed, and not trained."""
    return reconstruction


# Which weights a script hands over at its end.


@dataclass(frozen=True)
class Best:
    """The weights that are kept for now, of this loss."""

    loss: float
    model: Network


def last_weights(best: Best, train: float, validation: float, model: Network) -> Best:
    """Those of the last step."""
    return Best(validation, model)


def copied_by_validation(best: Best, train: float, validation: float, model: Network) -> Best:
    """A copy, chosen by images that it does not learn from."""
    return Best(validation, copy.deepcopy(model)) if validation < best.loss else best


def alias_by_training(best: Best, train: float, validation: float, model: Network) -> Best:
    """Chosen by what it learns from; and a second name of the model, which goes on changing."""
    return Best(train, model) if train < best.loss else best


def copied_by_training(best: Best, train: float, validation: float, model: Network) -> Best:
    """A copy, of the weights that know the images it learns from best."""
    return Best(train, copy.deepcopy(model)) if train < best.loss else best


def alias_by_validation(best: Best, train: float, validation: float, model: Network) -> Best:
    """Chosen well, and not kept: the name is that of the model, which goes on changing."""
    return Best(validation, model) if validation < best.loss else best


@dataclass(frozen=True)
class Script:
    """A script: its lines, and the numbers in it.

    Fields:
        beta: the weight of the KL.
        clip: the longest that a gradient may be.
        images: it learns from the first so many, `epochs` times.
    """

    output: Callable[[Tensor], Tensor] = logits_as_they_are
    reduce: Callable[[Tensor], Tensor] = summed_over_pixels
    draw: Callable[[Tensor, Tensor, Tensor], Tensor] = reparameterised
    loss: Callable[[Tensor, Tensor], Tensor] = kl_added
    keep: Callable[[Best, float, float, Network], Best] = last_weights
    beta: float = 1.0
    learning_rate: float = 1e-3
    clip: float = math.inf
    latents: int = 32
    images: int = 20_000
    epochs: int = 4
    batch: int = 128

    def terms(self, model: Network, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, and its reconstruction and KL, as the script computes and prints them."""
        mean, log_variance = model.encode(x)
        z = self.draw(mean, log_variance, noise)
        logits = self.output(model.decoder(z))
        reconstruction = self.reduce(
            F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        )
        kl = kl_by_latent(mean, log_variance).sum(1).mean()
        return self.loss(reconstruction, self.beta * kl), reconstruction, kl


def kl_by_latent(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(q(z|x) ‖ N(0, I)) in nats (Kingma & Welling 2014, Appendix B): (B, D)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def line_of(function: Callable[..., object]) -> str:
    """The line of a choice that does the work, its last."""
    return inspect.getsource(function).rstrip().splitlines()[-1].strip()
