"""FactorVAE: Kim & Mnih 2018, Eq. 2 and 3, Algorithm 2."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from training.batch import Batch
from training.distributions import DiagonalGaussian, Noise
from training.models import VAE

JOINT, FACTORISED = 0, 1


class Discriminator(nn.Sequential):
    """Codes (B, D) -> two logits (B, 2): drawn from q(z), or from Π_d q(z_d)?

    In the paper (Appendix A) six layers of 1,000 leaky rectified units.
    """

    def __init__(self, latents: int, layers: int, units: int) -> None:
        sizes = itertools.pairwise([latents, *[units] * layers])
        hidden = [(nn.Linear(inputs, outputs), nn.LeakyReLU(0.2)) for inputs, outputs in sizes]
        super().__init__(*itertools.chain(*hidden), nn.Linear(units, 2))


@dataclass(frozen=True)
class FactorVAE:
    """−E_q[ln p(x|z)] + KL(q(z|x) ‖ p(z)) + γ TC(z), with one sample of q.

    TC(z) ≈ E_q[ln D(z) / (1 − D(z))], where the discriminator D tells codes from permuted codes.
    The loss differentiates z but holds D; `learn` differentiates D but holds z.
    """

    gamma: float
    part: Discriminator
    optimizer: torch.optim.Optimizer
    samples: ClassVar = 1
    reports: ClassVar = ("loss_nats", "reconstruction_nats", "kl_nats", "total_correlation_nats")

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats."""
        posterior = model.encode(batch.x)
        z = posterior.sample(noise)  # (B, D)
        reconstruction_nats = -model.decode(z).log_prob(batch.x).flatten(1).sum(1)  # (B,)
        kl_nats = posterior.kl_to_prior().sum(1)  # (B,)

        held = {name: parameter.detach() for name, parameter in self.part.named_parameters()}
        logits = functional_call(self.part, held, (z,)).float()  # (B, 2)
        total_correlation_nats = logits[:, JOINT] - logits[:, FACTORISED]  # (B,)
        loss_nats = reconstruction_nats + kl_nats + self.gamma * total_correlation_nats
        return loss_nats.mean(), {
            "loss_nats": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.mean(),
            "total_correlation_nats": total_correlation_nats.mean(),
        }

    def learn(
        self,
        model: VAE,
        batch: Batch,
        metrics: Mapping[str, Tensor],
        step: int,
        generator: torch.Generator,
    ) -> None:
        """One step of D on codes and on the same codes permuted.

        The paper permutes the codes of a second batch; one batch serves both here. Where processes
        share it, each takes the whole step, so that D stays the same in all of them.
        """
        with torch.no_grad():
            posterior = model.encode(batch.x)
            means = batch.sharing.whole(posterior.mean)
            log_variances = batch.sharing.whole(posterior.log_variance)
            z = DiagonalGaussian(means, log_variances).sample(generator)
            codes = torch.cat([z, permute(z, generator)])  # (2 B, D)
        truth = torch.full((len(codes),), FACTORISED, device=z.device)
        truth[: len(z)] = JOINT
        loss = F.cross_entropy(self.part(codes).float(), truth)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ELBO: what the discriminator thinks of the same codes differs from step to step."""
        return means["reconstruction_nats"] + means["kl_nats"]


def permute(z: Tensor, generator: torch.Generator) -> Tensor:
    """Codes (B, D) with every latent shuffled over the batch by itself (Algorithm 1)."""
    order = torch.empty_like(z).uniform_(generator=generator).argsort(0)
    return z.gather(0, order)
