"""Transformer over letters: p(word) as the product of its letters, exact, and without a latent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from training.contract.fields import Positive
from training.contract.outputs import Characters
from training.contract.spaces import Tokens
from training.families.family import Family, Form, Measurement, refuse_settings
from training.families.transformer import refuse_heads, step_graph

if TYPE_CHECKING:
    import torch
    from torch import nn

    from training.checkpoints.export import Traced
    from training.config import RunConfig
    from training.contract.measurements import Metric
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.evaluation.evaluate import Measured
    from training.learners import Learner


class TextTransformer(Family, frozen=True, tag="text_transformer"):
    """`layers` of `width`, with `heads` of attention, over the letters of words."""

    width: Positive = 64
    layers: Positive = 2
    heads: Positive = 4

    learns: ClassVar[Literal["images", "words"]] = "words"
    loss_name: ClassVar[str] = "−ln p(x)"

    def __post_init__(self) -> None:
        refuse_heads(self.width, self.heads)

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss."""
        refuse_settings(config, "a transformer")

    def words(self, config: RunConfig) -> str:
        """What it is, and how large."""
        return f"Transformer · {self.layers} layers of {self.width} · no latent"

    def network(self, form: Form) -> nn.Module:
        """The transformer; its tokens are the end of a word and the letters."""
        from training.models import transformer

        alphabet, longest = form.words
        return transformer.Transformer(
            len(alphabet) + 1, longest + 1, self.width, self.layers, self.heads
        )

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The model, reading letters."""
        from training.learners.reader import Reader
        from training.models.transformer import word_nats

        return Reader(model, lambda words: word_nats(model, words), config.train)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """The word; it is written, not dragged."""
        return (Tokens("word", *form.words),)

    def output(self, model: Any, form: Form) -> Output:
        """Words."""
        return Characters(*form.words)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """One letter at a time."""
        return (step_graph(model, "word"),)

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """−ln p(word), which is exact here, and the perplexity of its letters."""
        import torch

        from training.models.transformer import word_nats

        with torch.no_grad():
            costs = [word_nats(model, batch.x).double() for batch in data.batches]
        nats = torch.cat(costs).mean().item()
        how = (
            "−ln p(word), exact, by the product of the probabilities of its letters and of its "
            "end, mean over words"
        )
        return Measurement(
            (
                data.metric("neg_log_likelihood", "−ln p(word)", nats, "nats", how),
                perplexity(data, nats, how),
            )
        )


def perplexity(data: Measured, nats: float, how: str) -> Metric:
    """How many equally likely letters would make the next one as hard to guess as it is.

    Args:
        nats: of a word, the mean over words.
        how: the nats were measured.
    """
    letters = sum(int((batch.x != 0).sum()) + len(batch.x) for batch in data.batches) / len(data)
    return data.metric(
        *("perplexity", "Perplexity", math.exp(nats / letters), "letters"),
        f"e to the nats a letter, the end counting as one, {letters:.2f} a word; nats: {how}",
    )
