"""A VAE of words (Bowman et al. 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from training.contract.card import ENCODER, STEP
from training.contract.fields import Count, Positive
from training.contract.graphs import Graph, Port, Sizes
from training.contract.outputs import Characters
from training.contract.spaces import Continuous, Tokens
from training.families.family import (
    Codes,
    Family,
    Form,
    Latents,
    Measurement,
    refuse_settings,
)
from training.families.text_transformer import perplexity
from training.families.vae import posterior_codes

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.checkpoints.export import Traced
    from training.config import RunConfig
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.evaluation.evaluate import Measured
    from training.learners import Learner


class TextVAE(Family, frozen=True, tag="textvae"):
    """The networks, and the two helps against collapse; 0 and 0 are neither."""

    latents: Latents = 16
    embedding: Positive = 64
    read_units: Positive = 128
    write_units: Positive = 192
    word_dropout: Annotated[float, Meta(ge=0, le=1)] = 0.4
    annealing: Count = 1400

    learns: ClassVar[Literal["images", "words"]] = "words"
    loss_name: ClassVar[str] = "−ELBO"

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss."""
        refuse_settings(config, "a VAE of words")

    def words(self, config: RunConfig) -> str:
        """What it is, and how it is helped."""
        helped = f" · word dropout {self.word_dropout:g}" if self.word_dropout else ""
        return f"Text VAE · {self.latents} latents{helped}"

    def network(self, form: Form) -> nn.Module:
        """A reader and a writer."""
        from training.models import text_vae

        alphabet, longest = form.words
        sizes = (self.embedding, self.read_units, self.write_units)
        return text_vae.TextVAE(self.latents, len(alphabet), longest, *sizes)

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The model under the annealed ELBO."""
        from training.learners.writer import Writer
        from training.objectives.annealed_elbo import AnnealedELBO

        return Writer(model, AnnealedELBO(self.word_dropout, self.annealing), config.train)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """z ~ N(0, I), and the word that it is read from."""
        return (
            Continuous("z", self.latents, "standard_normal"),
            Tokens("word", *form.words),
        )

    def output(self, model: Any, form: Form) -> Output:
        """Words."""
        return Characters(*form.words)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """A word to its posterior, and the writer a letter at a time, its state at first zeros."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced
        from training.models.text_vae import State

        def posterior(model: Any, word: Tensor) -> tuple[Tensor, Tensor]:
            found = model.encode(word)
            return found.mean, found.log_variance

        def step(
            model: Any, token: Tensor, z: Tensor, hidden: Tensor, cell: Tensor
        ) -> tuple[Tensor, Tensor, Tensor]:
            logits, state = model.step(token, State(hidden, cell), z)
            return logits, state.hidden, state.cell

        word = Port("word", "int64", ("batch", model.longest), "value", "word")
        token = Port("token", "int64", ("batch",), "token", "word")
        codes: Sizes = ("batch", model.latents)
        z = Port("z", "float32", codes, "value", "z")
        mean = Port("mean", "float32", codes, "mean", "z")
        log_variance = Port("log_variance", "float32", codes, "log_variance", "z")
        logits = Port("logits", "float32", ("batch", model.symbols + 1), "logits", "word")
        states = [
            Port(name, "float32", ("batch", model.write_units), "state")
            for name in ("hidden", "cell", "next_hidden", "next_cell")
        ]
        words = torch.randint(model.symbols + 1, (EXAMPLES, model.longest))
        state = torch.randn(2, EXAMPLES, model.write_units)
        reads = Traced(
            Graph(ENCODER, (word,), (mean, log_variance)), Computed(model, posterior), (words,)
        )
        writes = Traced(
            Graph(STEP, (token, z, *states[:2]), (logits, *states[2:])),
            Computed(model, step),
            (words[:, 0], torch.randn(EXAMPLES, model.latents), *state),
        )
        return reads, writes

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The posterior."""
        return posterior_codes(model.encode(batch.x))

    def cost_nats(self, model: Any, batch: Batch, codes: Codes) -> Tensor:
        """−ln p(word|z), every letter seen by the writer."""
        from training.models.text_vae import log_probability

        return -log_probability(model.decode(codes.value, batch.x), batch.x).sum(1)

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """The ELBO and its parts, how much of a word z holds, and what each latent carries."""
        import torch

        from training.contract.measurements import Provenance
        from training.evaluation.elbo import of_latents
        from training.metrics.active_units import VARIANCE, active_units
        from training.models.text_vae import END, log_probability, written

        generator = torch.Generator().manual_seed(data.seed)
        reconstruction, kl, means, deviations, read_back = [], [], [], [], 0
        with torch.no_grad():
            for batch in data.batches:
                posterior = model.encode(batch.x)
                logits = model.decode(posterior.sample(generator), batch.x)
                reconstruction.append(-log_probability(logits, batch.x).double().sum(1))  # (B,)
                kl.append(posterior.kl_to_prior().double())  # (B, D)
                means.append(posterior.mean.double())
                deviations.append(posterior.deviation.double())
                read_back += sum(
                    written(model, z) == tuple(token for token in word if token != END)
                    for z, word in zip(posterior.mean, batch.x.tolist(), strict=True)
                )
        reconstruction_nats = torch.cat(reconstruction).mean().item()
        kl_nats = torch.cat(kl).mean(0)  # (D,)
        total = kl_nats.sum().item()
        units = active_units(torch.cat(means).numpy())
        sampled = (
            "one sample of q(z|word) per word, every letter seen by the writer, mean over words"
        )
        closed = "closed form KL(q(z|word) ‖ N(0, I)), mean over words"
        metrics = (
            data.metric(
                *("neg_elbo", "−ELBO", reconstruction_nats + total, "nats"),
                f"Reconstruction plus KL, without an objective's weights: {sampled}",
            ),
            data.metric(
                *("reconstruction", "Reconstruction", reconstruction_nats, "nats"),
                f"−ln p(word|z), summed over letters and the end: {sampled}",
            ),
            data.metric("kl", "KL", total, "nats", f"Sum over latents of the {closed}"),
            perplexity(
                data, reconstruction_nats + total, f"−ELBO, at least −ln p(word); {sampled}"
            ),
            data.metric(
                *("active_units", "Active units", float(units.value), "latents"),
                f"Latents whose posterior mean has a variance above {VARIANCE} over words (Burda "
                "et al. 2016)",
            ),
            data.metric(
                *("read_back", "Words written back", 100 * read_back / len(data), "%"),
                "Words that come back letter by letter: encoded to the posterior mean, written "
                "greedily",
            ),
        )
        latents = of_latents(kl_nats, torch.cat(means), torch.cat(deviations))
        how = f"KL per latent: {closed}; {data.reading}."
        provenance = Provenance("nats", data.split, len(data), data.seed, how)
        return Measurement(metrics, latents, provenance)
