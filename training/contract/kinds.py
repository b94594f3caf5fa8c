"""The kinds of models that the page of training offers: a row each, made by recipes.

The explorer offers them, and `training.workers.look` measures how long a step of each takes.
"""

from typing import NamedTuple

WIDTHS = {"half": 0.5, "normal": 1.0, "double": 2.0}  # of a network, times its own


class Network(NamedTuple):
    """A recipe, and the sizes of its network: of each convolution, and of each dense layer.

    Fields:
        settings: of a run of minutes, where the recipe's are those of a long one.
    """

    recipe: str
    channels: tuple[int, ...]
    hidden: tuple[int, ...]
    settings: tuple[tuple[str, str], ...] = ()


class Kind(NamedTuple):
    """What may be chosen.

    Fields:
        title: in the list of kinds.
        words: in the title of a run; empty where its β says enough.
        weighs_kl: whether it has a β.
        unit: of its losses.
        networks: by data set.
        own: the recipe for images of a visitor.
    """

    title: str
    words: str
    weighs_kl: bool
    unit: str
    networks: dict[str, Network]
    own: str


_POINTS = Network("digits-ae", (16, 32), (128,))
_SHORT = (("train.optimizer", "adamw"), ("train.warmup", "0"), ("train.batch_size", "128"))

KINDS = {
    "vae": Kind(
        "VAE: an image becomes a small cloud of codes",
        words="",
        weighs_kl=True,
        unit="nats an image",
        networks={
            "digits": Network("digits-2d", (32, 32), (256,)),
            "fashion": Network("fashion", (32, 64), (256,), _SHORT),
            "sprites": Network("sprites-beta1", (16, 32, 64), (128,)),
            "scenes": Network("scenes", (16, 32, 32, 32), (256,)),
        },
        own="own",
    ),
    "autoencoder": Kind(
        "Autoencoder: an image becomes one code",
        words="autoencoder",
        weighs_kl=False,
        unit="grey levels² an image",
        networks=dict.fromkeys(("digits", "fashion", "sprites", "scenes"), _POINTS),
        own="digits-ae",
    ),
}
