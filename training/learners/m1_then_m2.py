"""How M1 and M2 learn: one after the other (Kingma et al. 2014, Section 3.3)."""

from collections.abc import Mapping

import torch
from msgspec.structs import replace
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.distributions import standard_normal
from training.errors import ConfigError
from training.models.semi_supervised import SemiSupervised
from training.objectives.beta_vae import BetaVAE
from training.objectives.semi_supervised import FewLabels
from training.trainer.optimizers import begun, descend, rate_factor

KNOWN_A_STEP = 50  # images with a label that a step of M2 sees
REPORTED = 16  # images of a step whose bound is measured: of all, it would take as long as learning


class Known(nn.Module):
    """The images whose label is known: the first of each label that come by, as many of each."""

    images: Tensor
    labels: Tensor
    found: Tensor

    def __init__(self, count: int, kinds: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.each = count // kinds
        self.register_buffer("images", torch.zeros(kinds, self.each, *shape))
        self.register_buffer("labels", torch.arange(kinds).repeat_interleave(self.each))
        self.register_buffer("found", torch.zeros(kinds, dtype=torch.int64))

    @property
    def full(self) -> bool:
        """Whether all are there; no further label is looked at."""
        return bool((self.found == self.each).all())

    def look(self, x: Tensor, labels: Tensor) -> None:
        """Keep what is still wanted of images (B, C, H, W) with labels (B,)."""
        if self.full:
            return
        for kind in range(len(self.found)):
            there = int(self.found[kind])
            some = x[labels == kind][: self.each - there]
            self.images[kind, there : there + len(some)] = some
            self.found[kind] += len(some)

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Some of them, (K, C, H, W), and their labels, (K,)."""
        device = self.labels.device
        chosen = torch.randint(len(self.labels), (count,), generator=generator, device=device)
        return self.images.flatten(0, 1)[chosen], self.labels[chosen]


class M1ThenM2:
    """M1 learns images until step `m2_from`; from then on M2 learns M1's codes of them.

    Of the labels only `labelled` are looked at.
    """

    reports = ("loss", "reconstruction_nats", "code_nats", "bound_nats")

    def __init__(
        self,
        model: SemiSupervised,
        known: Known,
        few: FewLabels,
        m2_from: int,
        plan: TrainConfig,
    ) -> None:
        self.model, self.known, self.few = model, known, few
        self.m2_from = m2_from
        self.turns = [replace(plan, steps=steps) for steps in (m2_from, plan.steps - m2_from)]
        self.modules: dict[str, nn.Module] = {"model": model, "known": known}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            name: begun(torch.optim.AdamW(module.parameters(), weight_decay=plan.weight_decay))
            for name, module in (("m1_optimizer", model.m1), ("m2_optimizer", model.m2))
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step of the one whose turn it is, on images (B, C, H, W).

        Of each turn the rate falls as that of a run of its own.
        """
        assert batch.targets is not None
        self.known.look(batch.x, batch.targets)
        first = step < self.m2_from
        plan = self.turns[not first]
        rate = plan.learning_rate * rate_factor(plan, step - self.m2_from * (not first))
        if first:
            loss, _ = BetaVAE(1)(self.model.m1, batch, step, generator)
            descend(self.optimizers["m1_optimizer"], loss, rate)
        else:
            if not self.known.full:
                raise ConfigError(
                    f"By step {step} fewer than {self.known.each} images of some label were seen; "
                    "let M2 begin later (model.m2_from), or lower model.labelled."
                )
            with torch.no_grad():
                codes = self.model.m1.encode(batch.x)
                images, labels = self.known.draw(KNOWN_A_STEP, generator)
                known = self.model.m1.encode(images)
            loss = self.few(self.model.m2, codes, known, labels, generator)
            descend(self.optimizers["m2_optimizer"], loss, rate)
        return torch.stack([loss.detach(), *self._parts(batch.x[:REPORTED], generator)])

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """What `reports` names, means over the batch."""
        parts = self._parts(batch.x, generator)
        return dict(zip(self.reports, (parts[-1], *parts), strict=True))

    @torch.no_grad()
    def _parts(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """−ln p(x|f), −ln p(f) + ln q(f|x) by M2's bound, and their sum: nats."""
        reconstruction, code = (part.mean() for part in bound(self.model, x, generator))
        return reconstruction, code, reconstruction + code

    def comparable(self, means: Mapping[str, float]) -> float:
        """The bound on −ln p(x) of M1 under the prior that M2 is of its codes."""
        return means["bound_nats"]


def bound(model: SemiSupervised, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """−ln p(x|f), and U(f) + ln q(f|x), with one sample of f and z of each image: (B,) each.

    Together they bound −ln p(x), M2's p(f) being the prior of M1's codes.
    """
    posterior = model.m1.encode(x)
    f = posterior.sample(generator)
    noise = standard_normal(len(x), model.m2.latents, x.device, generator)
    reconstruction = -model.m1.decode(f).log_prob(x).flatten(1).sum(1)
    return reconstruction, model.m2.unlabelled_nats(f, noise) + posterior.log_prob(f).sum(1)
