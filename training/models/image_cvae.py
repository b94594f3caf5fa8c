"""A VAE of the hidden part of an image, given the part that is seen: Sohn et al. 2015, Eq. 4."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.distributions import DiagonalGaussian, ImageDistribution


class ImageCVAE(nn.Module):
    """q(z|x, c) and p(x|z, c) for conditions c, with the prior N(0, I) whatever c is.

    A condition is an image of which a part is seen, (B, C + 1, H, W): its pixels, 0 where they are
    hidden, and a last plane that is 1 where they are seen. What is seen is known, so p(x|z, c) has
    nothing to say of it: its mean has the pixels of c there, and its log-probability is 0.

    As in `ConditionalVAE`, the prior is relaxed (Sohn et al. 2015, Section 4), so that z ~ N(0, I)
    completes any image.

    Args:
        latents: D.
        encoder: the image and the condition, (B, 2 C + 1, H, W) -> (B, 2 D), mean and log-variance.
        condition: what is read off the condition, (B, C + 1, H, W) -> (B, F).
        decoder: codes and what was read, (B, D + F) -> what the likelihood reads, (B, C, H, W).
        likelihood: decoder outputs -> a distribution over images.
    """

    def __init__(
        self,
        latents: int,
        encoder: nn.Module,
        condition: nn.Module,
        decoder: nn.Module,
        likelihood: nn.Module,
    ) -> None:
        super().__init__()
        self.latents = latents
        self.encoder = encoder
        self.condition = condition
        self.decoder = decoder
        self.likelihood = likelihood

    def encode(self, x: Tensor, condition: Tensor) -> DiagonalGaussian:
        """q(z|x, c) of images (B, C, H, W) in [0, 1] with conditions (B, C + 1, H, W)."""
        mean, log_variance = self.encoder(torch.cat([x, condition], 1)).float().chunk(2, dim=1)
        return DiagonalGaussian(mean, log_variance)

    def decode(self, z: Tensor, condition: Tensor) -> "Completed":
        """p(x|z, c) of codes (B, D) with conditions (B, C + 1, H, W)."""
        read = self.condition(condition)
        inputs = torch.cat([z, read.to(z.dtype)], dim=1)
        return Completed(self.likelihood(self.decoder(inputs).float()), condition)

    def given(self, seen: Tensor) -> "Given":
        """The VAE that this is for images of which this is seen, (B, 1, H, W)."""
        return Given(self, seen)


@dataclass(frozen=True)
class Completed:
    """Independent pixels where they are hidden, and the condition's own where they are seen."""

    pixels: ImageDistribution
    condition: Tensor

    @property
    def mean(self) -> Tensor:
        """The expected image, (B, C, H, W), in [0, 1]."""
        return self.condition[:, :-1] + self.pixels.mean * (1 - self.condition[:, -1:])

    def log_prob(self, x: Tensor) -> Tensor:
        """ln p(x|z, c) per pixel in nats, (B, C, H, W): 0 where it is seen."""
        return self.pixels.log_prob(x) * (1 - self.condition[:, -1:])


class Given:
    """The model with what is seen of B images held: a VAE of these, for any objective."""

    def __init__(self, model: ImageCVAE, seen: Tensor) -> None:
        self.latents = model.latents
        self.model = model
        self.seen = seen
        self.condition: Tensor | None = None

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x, c) of the images (B, C, H, W), whose seen part is then the condition."""
        self.condition = shown(x, self.seen)
        return self.model.encode(x, self.condition)

    def decode(self, z: Tensor) -> Completed:
        """p(x|z, c) of S codes an image, (S B, D), the first of every image before the second."""
        if self.condition is None:
            raise RuntimeError("encode the images first: their seen part is the condition.")
        times = len(z) // len(self.condition)
        return self.model.decode(z, self.condition.repeat(times, 1, 1, 1))


def shown(x: Tensor, seen: Tensor) -> Tensor:
    """The condition, (B, C + 1, H, W), that shows these pixels (B, 1, H, W) of images."""
    seen = seen.to(x.dtype)
    return torch.cat([x * seen, seen], dim=1)
