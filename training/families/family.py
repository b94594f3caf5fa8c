"""What a family of models is: its entry in a configuration, and all that is done with its models.

A file of a family imports torch only where it computes: a configuration is read, and refused,
without waiting for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from msgspec import Meta

from training.contract.fields import MOST_LATENTS, Positive, Record
from training.contract.outputs import Characters
from training.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection

    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.checkpoints.export import Traced
    from training.config import RunConfig
    from training.contract.card import Card
    from training.contract.measurements import Latent, Metric, Provenance, Rounding
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.datasets import Dataset
    from training.evaluation.evaluate import Measured
    from training.learners import Learner

MOST_LAYERS = 100

ImageShape = tuple[int, int, int]  # C, H, W
Latents = Annotated[int, Meta(ge=1, le=MOST_LATENTS)]
Layers = Annotated[tuple[Positive, ...], Meta(max_length=MOST_LAYERS)]
Activation = Literal["relu", "silu", "tanh"]


class Form(NamedTuple):
    """What one example of the data looks like.

    Fields:
        shape: (C, H, W) of images, (L,) of words of at most L letters.
        labels: the names of the classes, where examples have one.
        alphabet: the letters of the words; None for images.
    """

    shape: tuple[int, ...]
    labels: tuple[str, ...] | None = None
    alphabet: tuple[str, ...] | None = None

    @property
    def image(self) -> ImageShape:
        """(C, H, W).

        Raises:
            ConfigError: if the examples are words.
        """
        if self.alphabet is not None:
            from training.families import FAMILIES

            others = [kind.__struct_config__.tag for kind in FAMILIES if kind.learns == "words"]
            raise ConfigError(
                "This model learns images, and these data are words; choose other data "
                f"(data.name) or the family {' or '.join(map(str, others))}."
            )
        channels, height, width = self.shape
        return channels, height, width

    @property
    def words(self) -> tuple[tuple[str, ...], int]:
        """The alphabet, and the letters of the longest word.

        Raises:
            ConfigError: if the examples are images.
        """
        if self.alphabet is None:
            raise ConfigError(
                "This model learns words, and these data are images; choose names as data.name."
            )
        return self.alphabet, self.shape[0]


def form_of(card: Card) -> Form:
    """What the examples look like that a card's model was trained on, as its output has them."""
    if isinstance(card.output, Characters):
        return Form((card.output.longest,), card.data.labels, card.output.alphabet)
    return Form(card.output.shape, card.data.labels)


class Codes(NamedTuple):
    """What an encoder makes of B examples.

    Fields:
        value: what the first control takes: (B, D) numbers, or (B, h, w) entries of a codebook.
        log_variance: (B, D), where `value` is the mean of a Gaussian posterior.
    """

    value: Tensor
    log_variance: Tensor | None = None


class Measurement(NamedTuple):
    """What a card says of a model: numbers, and what each latent carries, where it has latents."""

    metrics: tuple[Metric, ...]
    latents: tuple[Latent, ...] = ()
    provenance: Provenance | None = None


class Drawn(NamedTuple):
    """Images (N, C, H, W) in [0, 1] that a model makes of nothing, and how it made them."""

    images: Tensor
    how: str


class Family(Record, frozen=True, tag_field="family"):
    """A family and, as its fields, the settings of one model: `model` in a configuration.

    What follows is called with a network that `network` made, and with what its data look like. A
    family says None, or nothing at all, where it has no such thing: a GAN has no codes.
    """

    learns: ClassVar[Literal["images", "words"]] = "images"
    takes_objective: ClassVar[bool] = False  # else its losses are set by its own fields
    # The loss that chooses the best weights, where no objective names it.
    loss_name: ClassVar[str] = "loss"
    loss_unit: ClassVar[str] = "nats"

    def check(self, config: RunConfig) -> None:
        """Refuse what does not go together in a configuration of which this is the model.

        Raises:
            ConfigError: naming the field.
        """

    def refuse(self, form: Form) -> None:
        """Refuse examples that it cannot learn, before they are read.

        Raises:
            ConfigError: saying which it can.
        """
        _ = form.image if self.learns == "images" else form.words

    def suited(self, side: int, binary: bool, given: Collection[str]) -> dict[str, Any]:
        """Settings that follow from images of somebody's own.

        Args:
            side: pixels.
            binary: whether all are black or white.
            given: options that a person has set, such as --model.channels: they stay.
        """
        return {}

    def words(self, config: RunConfig) -> str:
        """One line for the list of models, such as `β-VAE · β 4 · 10 latents`."""
        raise NotImplementedError

    def form(self, card: Card) -> Form:
        """What the data looked like that the model of a card was trained on."""
        return form_of(card)

    def network(self, form: Form) -> nn.Module:
        """An untrained model.

        Raises:
            ConfigError: if no network of these sizes fits such data.
        """
        raise NotImplementedError

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """What trains the model.

        Args:
            images: how many the training split has.
        """
        raise NotImplementedError

    def controls(self, form: Form) -> tuple[Space, ...]:
        """What a person can move."""
        raise NotImplementedError

    def trained_controls(self, model: Any, form: Form) -> tuple[Space, ...]:
        """The same, where training decides of them what the settings leave open."""
        return self.controls(form)

    def output(self, model: Any, form: Form) -> Output:
        """What the model makes."""
        raise NotImplementedError

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """What a browser computes."""
        raise NotImplementedError

    def encode(self, model: Any, batch: Batch) -> Codes | None:
        """What the encoder makes of a batch; None without an encoder."""
        return None

    def most_examples(self) -> int | None:
        """How many examples a folder holds by default; None: as many as of other families."""
        return None

    def cost_nats(self, model: Any, batch: Batch, codes: Codes) -> Tensor | None:
        """−ln p(x|z) at the codes of a batch, (B,); None where the decoder has no density."""
        return None

    def reconstruct(self, model: Any, batch: Batch) -> Tensor | None:
        """What comes back of the images of a batch, (B, C, H, W) in [0, 1]; None without a way."""
        return None

    def measure(self, model: Any, dataset: Dataset, config: RunConfig, seed: int) -> Measurement:
        """What the model is worth on the test split; a family that needs other splits says how.

        On the CPU, in float32, wherever it was trained.
        """
        from training.evaluation.evaluate import measured

        return self.measurement(model, measured(dataset, config, seed))

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """What the model is worth on these data."""
        raise NotImplementedError

    def bound(
        self, model: Any, dataset: Dataset, config: RunConfig, seed: int, samples: int
    ) -> tuple[Metric, ...]:
        """The importance-weighted bound on −ln p(x), with `samples` codes an image.

        Raises:
            ConfigError: if the model has none.
        """
        raise ConfigError(
            "The importance-weighted bound is measured of a VAE of images alone; leave "
            "--likelihood out."
        )

    def draw(self, model: Any, form: Form, count: int, generator: torch.Generator) -> Drawn | None:
        """Images as the model imagines its data; None where nothing says how probable a code is."""
        return None

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor | None:
        """Pictures for the list of models: one to four rows of eight, (N, C, H, W) in [0, 1]."""
        return None

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding | None:
        """Keep weights in half precision, in place, where that changes nothing one could see."""
        return None


def refuse_settings(config: RunConfig, family: str) -> None:
    """Refuse what only a model of one loss takes: its learner is the family's own.

    Raises:
        ConfigError: naming the field.
    """
    if config.train.precision != "float32":
        raise ConfigError(
            f"train.precision is {config.train.precision}, but {family} learns in float32; set "
            "float32."
        )
    refuse_optimizer(config, family)


def refuse_optimizer(config: RunConfig, family: str) -> None:
    """Refuse another optimizer than the family's own.

    Raises:
        ConfigError: naming the field.
    """
    if config.train.optimizer != "adamw":
        raise ConfigError(
            f"train.optimizer is {config.train.optimizer}, but {family} has its own; leave it "
            "at adamw."
        )


def tag(record: Record) -> str:
    """Its name in configurations and cards."""
    found = type(record).__struct_config__.tag
    assert isinstance(found, str)
    return found
