"""First names, letter by letter."""

from training.config import DataConfig, RunConfig, TrainConfig
from training.families.text_transformer import TextTransformer
from training.families.text_vae import TextVAE
from training.recipes.recipe import Recipe


def _names(model: TextVAE | TextTransformer, weight_decay: float = 0) -> RunConfig:
    """40 epochs of 4,100 names; VAEs that are compared differ in their helps alone."""
    return RunConfig(
        data=DataConfig("names"),
        model=model,
        objective=None,
        train=TrainConfig(
            steps=2_560,
            batch_size=64,
            learning_rate=2e-3,
            weight_decay=weight_decay,
            validate_every=64,
            precision="float32",
        ),
    )


RECIPES = (
    Recipe(
        name="names",
        title="Names",
        intent="First names, letter by letter. Training hid letters from the decoder so that "
        "it uses z: a slider changes the name.",
        cost="2 min",
        run=_names(TextVAE()),
    ),
    Recipe(
        name="names-collapsed",
        title="Names, collapsed",
        intent="A text VAE without annealing and word dropout: its decoder ignores z, "
        "so no slider changes the name, and the ELBO hardly shows it.",
        cost="2 min",
        run=_names(TextVAE(word_dropout=0, annealing=0)),
    ),
    Recipe(
        name="names-transformer",
        title="Names, letter by letter",
        intent="A transformer writes the same names without a latent: it knows what each "
        "letter costs exactly, and there is nothing to drag.",
        cost="2 min",
        run=_names(TextTransformer(), weight_decay=0.3),
    ),
)
