"""M1 and M2: Kingma, Rezende, Mohamed & Welling 2014, "Semi-supervised learning with deep
generative models".

M1 is a VAE of images, which need no labels. M2 is a VAE of M1's codes with a label beside z, where
the label is a latent of those codes that have none.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.distributions import DiagonalGaussian, ImageDistribution
from training.models.gaussian_vae import GaussianVAE


class M2(nn.Module):
    """p(y) uniform, p(z) = N(0, I), p(f|z, y) and q(z|f, y) Gaussians, and q(y|f).

    Every y of a batch is a row of probabilities, (B, Y), or with one 1.

    Args:
        features: F, of what it is a model.
        latents: D.
        labels: Y.
        units: of the hidden layer of each of the three networks.
    """

    def __init__(self, features: int, latents: int, labels: int, units: int) -> None:
        super().__init__()
        self.latents, self.labels = latents, labels

        def network(inputs: int, outputs: int) -> nn.Module:
            return nn.Sequential(
                nn.Linear(inputs, units),
                nn.SiLU(),
                nn.Linear(units, units),
                nn.SiLU(),
                nn.Linear(units, outputs),
            )

        self.classifier = network(features, labels)
        self.encoder = network(features + labels, 2 * latents)
        self.decoder = network(latents + labels, 2 * features)

    def classify(self, f: Tensor) -> Tensor:
        """ln q(y|f) of codes (B, F): (B, Y)."""
        return F.log_softmax(self.classifier(f).float(), dim=1)

    def encode(self, f: Tensor, y: Tensor) -> DiagonalGaussian:
        """q(z|f, y) of codes (B, F) with labels (B, Y)."""
        return DiagonalGaussian(*self.encoder(torch.cat([f, y], 1)).float().chunk(2, dim=1))

    def decode(self, z: Tensor, y: Tensor) -> DiagonalGaussian:
        """p(f|z, y) of codes (B, D) with labels (B, Y)."""
        return DiagonalGaussian(*self.decoder(torch.cat([z, y], 1)).float().chunk(2, dim=1))

    def labelled_nats(self, f: Tensor, y: Tensor, noise: Tensor) -> Tensor:
        """L(f, y), the bound on −ln p(f, y) with one sample of z (Eq. 6): (B,).

        Args:
            noise: from N(0, 1), (B, D).
        """
        posterior = self.encode(f, y)
        misfit = -self.decode(posterior.sample(noise), y).log_prob(f).sum(1)
        return misfit + math.log(self.labels) + posterior.kl_to_prior().sum(1)

    def unlabelled_nats(self, f: Tensor, noise: Tensor) -> Tensor:
        """U(f), the bound on −ln p(f), the sum over every label that it could have (Eq. 7): (B,).

        Args:
            noise: from N(0, 1), (B, D), the same for every label.
        """
        count = len(f)
        every = torch.eye(self.labels, device=f.device).repeat_interleave(count, dim=0)  # (Y B, Y)
        times = self.labels
        bounds = self.labelled_nats(f.repeat(times, 1), every, noise.repeat(times, 1))
        log_q = self.classify(f)  # (B, Y)
        return (log_q.exp() * (bounds.view(times, count).T + log_q)).sum(1)


class SemiSupervised(nn.Module):
    """M1 + M2: an image, M1's code f of it, and M2's label and z of f.

    Args:
        m1: a VAE of images with F latents.
        m2: a model of its codes.
    """

    def __init__(self, m1: GaussianVAE, m2: M2) -> None:
        super().__init__()
        self.m1, self.m2 = m1, m2

    def classify(self, x: Tensor) -> Tensor:
        """ln q(y|f) at the mean of q(f|x), of images (B, C, H, W): (B, Y)."""
        return self.m2.classify(self.m1.encode(x).mean)

    def encode(self, x: Tensor, labels: Tensor) -> DiagonalGaussian:
        """q(z|f, y) at the mean of q(f|x), of images (B, C, H, W) with labels (B,)."""
        return self.m2.encode(self.m1.encode(x).mean, self._one_hot(labels))

    def decode(self, z: Tensor, labels: Tensor) -> ImageDistribution:
        """p(x|f) at the mean of p(f|z, y), of codes (B, D) with labels (B,)."""
        return self.m1.decode(self.m2.decode(z, self._one_hot(labels)).mean)

    def _one_hot(self, labels: Tensor) -> Tensor:
        return F.one_hot(labels.long(), self.m2.labels).float()
