"""How a VAE-GAN learns: Larsen et al. 2016, Algorithm 1."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.distributions import standard_normal
from training.learners.adversaries import MOMENTA, penalty_at
from training.learners.averaging import follow
from training.metrics.energy_distance import energy_distance
from training.models.gan import Discriminator
from training.models.vaegan import VAEGAN
from training.objectives.adversarial import discriminator_loss, generator_loss
from training.trainer.devices import autocast
from training.trainer.optimizers import begun, descend, descend_along, gradients_of, rate_factor


class ThreeOpponents:
    """Encoder, decoder and discriminator, each by a loss of its own.

    Images are judged three times: real ones, reconstructions, and what is decoded from the prior.
    A reconstruction is compared with its image in the discriminator's features, by a Gaussian of
    variance one (Eq. 7); no pixel is compared with a pixel.

    Args:
        gamma: weighs what the decoder learns from reconstructions against the verdicts (Eq. 9).
        r1, average, precision: as a GAN's.
    """

    reports = (
        "feature_nats",
        "kl_nats",
        "generator_nats",
        "discriminator_nats",
        "energy_distance",
    )

    def __init__(
        self,
        model: VAEGAN,
        discriminator: Discriminator,
        plan: TrainConfig,
        gamma: float,
        r1: float,
        average: float,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.model, self.discriminator, self.plan = model, discriminator, plan
        self.learned = copy.deepcopy(model).train()
        self.model.eval()  # normalised by moving averages, as it is when it is shipped
        self.gamma, self.r1, self.average, self.precision = gamma, r1, average, precision
        self.modules: dict[str, nn.Module] = {
            "model": model,
            "learned": self.learned,
            "discriminator": discriminator,
        }
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            name: begun(torch.optim.Adam(module.parameters(), betas=MOMENTA))
            for name, module in (
                ("encoder_optimizer", self.learned.encoder),
                ("decoder_optimizer", self.learned.decoder),
                ("discriminator_optimizer", discriminator),
            )
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step of each on images (B, C, H, W); what `reports` names."""
        x, judge = batch.x, self.discriminator
        rate = self.plan.learning_rate * rate_factor(self.plan, step)
        with autocast(x.device, self.precision):
            posterior = self.learned.encode(x)
            z = torch.cat(
                [
                    posterior.sample(generator),
                    standard_normal(len(x), self.model.latents, x.device, generator),
                ]
            )
            rebuilt, drawn = self.learned.decode(z).chunk(2)
            features = judge.features(x)
            apart = told_apart(
                judge.judge(features), *(judge(made.detach()) for made in (rebuilt, drawn))
            )
        penalty = penalty_at(step, self.r1, judge, x)
        features = features.detach().float()
        descend(self.optimizers["discriminator_optimizer"], apart + penalty, rate)

        with autocast(x.device, self.precision):
            of_rebuilt = judge.features(rebuilt)
            fooled = generator_loss(judge.judge(of_rebuilt)) + generator_loss(judge(drawn))
        feature_nats = feature_cost(features, of_rebuilt.float()).mean()
        kl_nats = posterior.kl_to_prior().sum(1).mean()
        # Both losses see the weights as they are: the decoder moves when both gradients are known.
        decoder = self.optimizers["decoder_optimizer"]
        gradients = gradients_of(decoder, self.gamma * feature_nats + fooled, keep=True)
        descend(self.optimizers["encoder_optimizer"], kl_nats + feature_nats, rate)
        descend_along(decoder, gradients, rate)
        follow(self.model, self.learned, self.average, step)
        distance = energy_distance(x.flatten(1), drawn.detach().flatten(1))
        parts = torch.stack([feature_nats, kl_nats, fooled, apart]).detach()
        return torch.cat([parts, torch.tensor([distance]).to(parts)])

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """What `reports` names, of the averaged weights."""
        x, judge = batch.x, self.discriminator
        posterior = self.model.encode(x)
        rebuilt = self.model.decode(posterior.sample(generator))
        drawn = self.model.decode(standard_normal(len(x), self.model.latents, x.device, generator))
        features, of_rebuilt = judge.features(x), judge.features(rebuilt)
        verdicts = (judge.judge(of_rebuilt), judge(drawn))
        return {
            "feature_nats": feature_cost(features, of_rebuilt).mean(),
            "kl_nats": posterior.kl_to_prior().sum(1).mean(),
            "generator_nats": generator_loss(verdicts[0]) + generator_loss(verdicts[1]),
            "discriminator_nats": told_apart(judge.judge(features), *verdicts),
            "energy_distance": torch.tensor(energy_distance(x.flatten(1), drawn.flatten(1))),
        }

    def comparable(self, means: Mapping[str, float]) -> float:
        """The energy distance of what is drawn: the features change as the discriminator learns."""
        return means["energy_distance"]


def feature_cost(features: Tensor, of_rebuilt: Tensor) -> Tensor:
    """−ln N(D_l(x) | D_l(x̃), I) but for a constant, of features (B, F), in nats: (B,). Eq. 7."""
    return 0.5 * (features - of_rebuilt).square().sum(1)


def told_apart(real: Tensor, rebuilt: Tensor, drawn: Tensor) -> Tensor:
    """−ln D(x) − ln(1 − D(x̃)) − ln(1 − D(x_p)) of logits (B,) each, mean over a batch: Eq. 8."""
    return discriminator_loss(real, rebuilt) + nn.functional.softplus(drawn).mean()
