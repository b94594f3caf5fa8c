"""A VAE whose two networks see the label: Sohn et al. 2015, Eq. 4."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.distributions import DiagonalGaussian, ImageDistribution


class ConditionalVAE(nn.Module):
    """q(z|x, y) and p(x|z, y) for labels y, with the prior N(0, I) whatever the label.

    Sohn et al. let the prior depend on y, too; one that does not is theirs relaxed (Section 4), as
    in Kingma et al. 2014. So one z means the same style under every label.

    Args:
        latents: D.
        labels: Y, how many labels there are.
        encoder: (B, C + Y, H, W), the image and a plane for each label, 1 on its own and 0 on the
            others -> (B, 2 D), mean and log-variance of q(z|x, y).
        decoder: (B, D + Y), the codes and the label as a vector with one 1 -> what the likelihood
            reads, (B, C, H, W).
        likelihood: decoder outputs -> a distribution over images.
    """

    def __init__(
        self,
        latents: int,
        labels: int,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: nn.Module,
    ) -> None:
        super().__init__()
        self.latents = latents
        self.labels = labels
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood

    def encode(self, x: Tensor, labels: Tensor) -> DiagonalGaussian:
        """q(z|x, y) of images (B, C, H, W) in [0, 1] with labels (B,)."""
        planes = self._one_hot(labels)[:, :, None, None].expand(-1, -1, *x.shape[2:])
        inputs = torch.cat([x, planes], dim=1)
        mean, log_variance = self.encoder(inputs).float().chunk(2, dim=1)
        return DiagonalGaussian(mean, log_variance)

    def decode(self, z: Tensor, labels: Tensor) -> ImageDistribution:
        """p(x|z, y) of codes (B, D) with labels (B,)."""
        inputs = torch.cat([z, self._one_hot(labels)], dim=1)
        distribution: ImageDistribution = self.likelihood(self.decoder(inputs).float())
        return distribution

    def given(self, labels: Tensor) -> "Given":
        """The VAE that this is for images with these labels, (B,)."""
        return Given(self, labels)

    def _one_hot(self, labels: Tensor) -> Tensor:
        return F.one_hot(labels.long(), self.labels).float()


class Given:
    """A conditional VAE with its labels (B,) held: a VAE of B images, for any objective."""

    def __init__(self, model: ConditionalVAE, labels: Tensor) -> None:
        self.latents = model.latents
        self.model = model
        self.labels = labels

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x, y) of the images (B, C, H, W)."""
        return self.model.encode(x, self.labels)

    def decode(self, z: Tensor) -> ImageDistribution:
        """p(x|z, y) of S codes an image, (S B, D), the first of every image before the second."""
        labels = self.labels.repeat(len(z) // len(self.labels))
        return self.model.decode(z, labels)
