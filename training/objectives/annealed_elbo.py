"""The ELBO of words with its two helps against collapse: Bowman et al. 2016, Section 3.1."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.models.text_vae import TextVAE, log_probability


@dataclass(frozen=True)
class AnnealedELBO:
    """−E_q[ln p(word|z)] + w KL(q(z|word) ‖ p(z)), the writer not seeing some of the letters.

    w rises in a straight line from 0 to 1 over the first `annealing` steps; each letter is withheld
    from the writer with the probability `word_dropout`, so that it needs z to know it. With neither
    (0 and 0) this is the plain ELBO, under which the writer learns to do without z.
    """

    word_dropout: float
    annealing: int

    def __call__(
        self, model: TextVAE, words: Tensor, step: int, generator: torch.Generator
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend and its parts for words (B, L): scalars, nats."""
        posterior = model.encode(words)
        z = posterior.sample(generator)
        drawn = torch.empty(words.shape, device=words.device).uniform_(generator=generator)
        logits = model.decode(z, words, withheld=drawn < self.word_dropout)
        reconstruction_nats = -log_probability(logits, words).sum(1)  # (B,)
        kl_nats = posterior.kl_to_prior().sum(1)  # (B,)

        loss_nats = reconstruction_nats + self.weight(step) * kl_nats
        return loss_nats.mean(), {
            "loss": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.mean(),
        }

    def weight(self, step: int) -> float:
        """w of the KL at this step."""
        return min(1.0, step / self.annealing) if self.annealing else 1.0
