"""VQ-VAE and, over its codes, an autoregressive prior (van den Oord et al. 2017)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.contract.card import DECODER, ENCODER, Graph, Metric, Port
from training.contract.outputs import LikelihoodName, Output, Pixels
from training.contract.spaces import CodeGrid, Space
from training.errors import ConfigError
from training.export import EXAMPLES, Traced
from training.families import ImageShape, Measured
from training.families.transformer import TransformerConfig, code_nats, step_graph
from training.metrics.codebook_usage import usage
from training.models.layers import Activation
from training.models.transformer import Transformer
from training.models.vqvae import VQVAE, Codebook, as_rows, grid_networks
from training.objectives.vector_quantised import VectorQuantised
from training.optimizers import begun, descend, rate_factor
from training.processes import Processes


class CodesThenPrior:
    """The VQ-VAE learns until step `prior_from`; from then on the prior learns over its codes.

    Until then a step counts all codes as equally likely, as the paper does while they are learned:
    −ln p(codes) is h w ln K.
    """

    reports = ("loss_nats", "reconstruction_nats", "commitment", "code_nats")

    def __init__(
        self,
        vqvae: VQVAE,
        prior: Transformer,
        objective: VectorQuantised,
        prior_from: int,
        plan: TrainConfig,
    ) -> None:
        if not 0 < prior_from < plan.steps:
            raise ConfigError(
                f"model.prior_from is {prior_from}; it must be above 0 and below train.steps, "
                f"{plan.steps}, so that both the codes and their prior learn."
            )
        self.vqvae, self.prior, self.objective = vqvae, prior, objective
        self.prior_from = prior_from
        self.turns = [replace(plan, steps=steps) for steps in (prior_from, plan.steps - prior_from)]
        self.modules: dict[str, nn.Module] = {
            "model": nn.ModuleDict({"vqvae": vqvae, "prior": prior})
        }
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            name: begun(torch.optim.AdamW(module.parameters(), weight_decay=plan.weight_decay))
            for name, module in (("optimizer", vqvae), ("prior_optimizer", prior))
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step of the one whose turn it is, on images (B, C, H, W).

        Of each turn the rate falls as that of a run of its own.
        """
        codes_turn = step < self.prior_from
        plan = self.turns[not codes_turn]
        rate = plan.learning_rate * rate_factor(plan, step - self.prior_from * (not codes_turn))
        with torch.set_grad_enabled(codes_turn):
            loss, parts, quantised = self.objective(self.vqvae, batch.x)
        if codes_turn:
            cells = quantised.codes[0].numel()
            of_codes = torch.full_like(loss, cells * math.log(self.prior.tokens))
            descend(self.optimizers["optimizer"], loss, rate)
            rows = as_rows(quantised.z.detach())
            self.vqvae.codebook.learn(rows, quantised.codes.flatten(), generator)
        else:
            of_codes = code_nats(self.prior, quantised.codes).mean()
            descend(self.optimizers["prior_optimizer"], of_codes, rate)
        return torch.stack([*self._parts(parts, of_codes).values()])

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """What `reports` names, means over the batch."""
        _, parts, quantised = self.objective(self.vqvae, batch.x)
        return self._parts(parts, code_nats(self.prior, quantised.codes).mean())

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ln p(x|codes) − ln p(codes), nats: at least −ln p(x), whose sum runs over all codes."""
        return means["reconstruction_nats"] + means["code_nats"]

    def _parts(self, parts: dict[str, Tensor], of_codes: Tensor) -> dict[str, Tensor]:
        detached = {name: part.detach() for name, part in parts.items()}
        loss_nats = detached["reconstruction_nats"] + of_codes.detach()
        return {"loss_nats": loss_nats} | detached | {"code_nats": of_codes.detach()}

    def join(self, processes: Processes) -> None:
        """Refuse.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("A VQ-VAE is trained in one process; start it without torchrun.")


@dataclass(frozen=True, kw_only=True)
class VQVAEConfig:
    """The paper's symbols where it has them: K `codes` of d `dimensions`, β, and the decay γ.

    One stride-2 convolution per entry of `channels`. The VQ-VAE learns until step
    `prior_from`, then the prior.
    """

    likelihood: LikelihoodName = "bernoulli"
    channels: tuple[int, ...] = (32, 64)
    activation: Activation = "silu"
    codes: int = 64
    dimensions: int = 16
    beta: float = 0.25
    decay: float = 0.99
    prior_from: int = 8000
    prior: TransformerConfig = field(default_factory=TransformerConfig)

    def grid(self, image_shape: ImageShape) -> tuple[int, int]:
        """How many cells high and wide the codes of an image (C, H, W) are."""
        shrink = 2 ** len(self.channels)
        return image_shape[1] // shrink, image_shape[2] // shrink


def learner(
    config: VQVAEConfig, plan: TrainConfig, likelihood: nn.Module, image_shape: ImageShape
) -> CodesThenPrior:
    """An untrained VQ-VAE and prior for images (C, H, W), and what trains them."""
    networks = grid_networks(image_shape, config.dimensions, config.channels, config.activation)
    codebook = Codebook(config.codes, config.dimensions, config.decay)
    height, width = config.grid(image_shape)
    return CodesThenPrior(
        VQVAE(networks[0], codebook, networks[1], likelihood),
        config.prior.build(config.codes, height * width),
        VectorQuantised(config.beta),
        config.prior_from,
        plan,
    )


def controls(config: VQVAEConfig, image_shape: ImageShape) -> tuple[Space, ...]:
    """The grid of codes."""
    return (CodeGrid("codes", *config.grid(image_shape), config.codes),)


def output(config: VQVAEConfig, image_shape: ImageShape) -> Output:
    """Images."""
    return Pixels(image_shape, config.likelihood)


class _Decoder(nn.Module):
    def __init__(self, model: VQVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, codes: Tensor) -> Tensor:
        return self.model.decode(codes).mean


class _Encoder(nn.Module):
    def __init__(self, model: VQVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model.encode(x)


def graphs(
    model: VQVAE, prior: Transformer, config: VQVAEConfig, image_shape: ImageShape
) -> tuple[Traced, ...]:
    """Codes to an image, an image to codes, and the prior a code at a time."""
    height, width = config.grid(image_shape)
    codes = Port("codes", "int64", ("batch", height, width), "value", "codes")
    image = Port("mean", "float32", ("batch", *image_shape), "image")
    x = Port("x", "float32", ("batch", *image_shape), "image")
    drawn = torch.randint(config.codes, (EXAMPLES, height, width))
    return (
        Traced(Graph(DECODER, (codes,), (image,)), _Decoder(model), (drawn,)),
        Traced(
            Graph(ENCODER, (x,), (codes,)), _Encoder(model), (torch.rand(EXAMPLES, *image_shape),)
        ),
        step_graph(prior, "codes"),
    )


@torch.no_grad()
def measure(model: VQVAE, prior: Transformer, data: Measured) -> tuple[Metric, ...]:
    """What an image costs, in codes and given them, and how the codebook is used."""
    codes = [model.encode(batch.x) for batch in data.batches]
    reconstructions = [
        -model.decode(of_batch).log_prob(batch.x).flatten(1).double().sum(1)
        for batch, of_batch in zip(data.batches, codes, strict=True)
    ]
    priors = [code_nats(prior, of_batch).double() for of_batch in codes]
    reconstruction_nats = torch.cat(reconstructions).mean().item()
    prior_nats = torch.cat(priors).mean().item()
    used = usage(torch.cat(codes), len(model.codebook.vectors))
    cells = codes[0][0].numel()
    uniform = cells * math.log(len(used.shares))
    given = "−ln p(x|codes), summed over pixels, mean over images"
    of_codes = (
        "−ln p(codes) by the transformer, mean over images; were all codes equally likely, it "
        f"would be {uniform:.1f} nats"
    )
    return (
        data.metric(
            *("neg_elbo", "−ELBO", reconstruction_nats + prior_nats, "nats"),
            "−ln p(x|codes) − ln p(codes) at the codes of the image, summed over pixels and codes, "
            "mean over images",
        ),
        data.metric("reconstruction", "Reconstruction", reconstruction_nats, "nats", given),
        data.metric("code_nats", "Codes", prior_nats, "nats", of_codes),
        data.metric(
            *("perplexity", "Perplexity", used.perplexity, "codes"),
            "e to the entropy of how often each code is used, over all cells of all images",
        ),
        data.metric(
            *("dead_codes", "Dead codes", float(used.dead), "codes"),
            f"Of {len(used.shares)} codes, those that no cell of any image holds",
        ),
    )
