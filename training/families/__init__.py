"""The families of models, a file each: what learns, how, and what of it is shipped."""

from importlib import import_module

from training.families.family import Family

# Those that a configuration can name, as file.Class.
_LISTED = (
    "vae.VAE",
    "conditional_vae.ConditionalVAE",
    "image_cvae.ImageCVAE",
    "semi_supervised.SemiSupervised",
    "hierarchical.Hierarchical",
    "autoencoder.Autoencoder",
    "pca.PCA",
    "denoising.Denoising",
    "vqvae.VQVAE",
    "transformer.Transformer",
    "text_vae.TextVAE",
    "text_transformer.TextTransformer",
    "gan.GAN",
    "vaegan.VAEGAN",
    "qlae.QLAE",
)


def _class(entry: str) -> type[Family]:
    file, _, name = entry.partition(".")
    listed: type[Family] = getattr(import_module(f"{__name__}.{file}"), name)
    return listed


FAMILIES: tuple[type[Family], ...] = tuple(map(_class, _LISTED))
