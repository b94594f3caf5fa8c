"""A folder of diffusers that holds an AutoencoderKL: `config.json` and its weights.

Its latents are images themselves, too many to move one by one: they are moved along the leading
principal directions of the codes of images.
"""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from training.errors import CheckpointError
from training.importing.autoencoder_kl import AutoencoderKl, Sizes
from training.importing.described import configuration, filled, image
from training.importing.directions import along
from training.importing.found import Found, Said, Shape
from training.importing.modules import in_unit
from training.importing.weights import digest, read_weights

CONFIG = "config.json"
# As diffusers names them; the pickle is read through torch.load(weights_only=True).
FILES = (
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.fp16.safetensors",
    "diffusion_pytorch_model.bin",
)
KIND = "AutoencoderKL"
BLOCKS = {"down_block_types": "DownEncoderBlock2D", "up_block_types": "UpDecoderBlock2D"}
# What diffusers called the weights of attention before version 0.17.
FORMERLY = {
    ".query.": ".to_q.",
    ".key.": ".to_k.",
    ".value.": ".to_v.",
    ".proj_attn.": ".to_out.0.",
}
ATTENTION = ("to_q.weight", "to_k.weight", "to_v.weight", "to_out.0.weight")
MOST_BLOCKS, MOST_LAYERS = 8, 16  # theirs have four of two


class Signed(nn.Module):
    """The network with images in [0, 1], its latents in a row."""

    def __init__(self, network: AutoencoderKl, latent_shape: Shape) -> None:
        super().__init__()
        self.network, self.latent_shape = network, latent_shape

    def encode(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W) to the posterior means (B, L·h·w)."""
        return self.network.encode(x * 2 - 1)[0].flatten(1)

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, L·h·w) to images (B, C, H, W)."""
        return in_unit(self.network.decode(z.reshape(-1, *self.latent_shape)), "signed")


def holds(folder: Path) -> Path | None:
    """The folder of an AutoencoderKL that this is, or that a pipeline in it keeps as `vae`."""
    for place in (folder, folder / "vae"):
        if (place / CONFIG).is_file() and configuration(place / CONFIG).get("_class_name"):
            return place
    return None


def image_shape(folder: Path, said: Said) -> Shape:
    """The images that it takes: as was said, else as large as it was trained with."""
    config = configuration(folder / CONFIG)
    side = config.get("sample_size", 256)
    try:
        height, width = side if isinstance(side, list) else (side, side)
        shape = said.shape or (int(config.get("in_channels", 3)), int(height), int(width))
    except (ValueError, TypeError, OverflowError) as error:
        raise CheckpointError(
            f"{folder.name}/{CONFIG} does not say how large its images are: give --shape."
        ) from error
    return image(shape, folder.name)


def read(folder: Path, said: Said) -> Found:
    """The model, moved along principal directions of the codes of the images.

    Raises:
        CheckpointError: if it is another network, or there are no images.
    """
    config = configuration(folder / CONFIG)
    if config["_class_name"] != KIND:
        raise CheckpointError(
            f"{folder.name} is a {config['_class_name']!r:.60}; of diffusers, only {KIND} can be "
            "imported."
        )
    sizes, shape = _sizes(config, folder), image_shape(folder, said)
    path = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if path is None:
        raise CheckpointError(f"{folder.name} has none of {', '.join(FILES)}: copy it whole.")
    halvings = 2 ** (len(sizes.blocks) - 1)
    if shape[0] != sizes.image or shape[1] % halvings or shape[2] % halvings:
        raise CheckpointError(
            f"The model takes images of {sizes.image} channels whose sides are multiples of "
            f"{halvings}; {'×'.join(map(str, shape))} is not such a shape. Give --shape."
        )
    if said.images is None:
        raise CheckpointError(
            "The latents are images themselves, and are moved along the leading principal "
            "directions of the codes of your images: give --images FOLDER."
        )
    tensors, _ = read_weights(path)
    network = filled(AutoencoderKl, (sizes,), _renamed(tensors), path)
    latent_shape = (sizes.latent, shape[1] // halvings, shape[2] // halvings)
    whole = Signed(network.eval().requires_grad_(False), latent_shape)
    decode, encode, sentence = along(whole, said.images, said.directions)
    sides = "×".join(map(str, latent_shape))
    return Found(
        decode,
        encode,
        shape,
        decode.size,
        prior=False,
        likelihood=None,
        sigma=None,
        family="autoencoder",
        origin=f"diffusers, {KIND} ({path.name}, SHA-256 {digest(path)})",
        notes=(f"Its latents of {sides} are {sentence}.",),
        left=("the posterior's variance, which does not lie along these directions",),
    )


def _renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights by the names and in the shapes that they have today."""
    renamed = {}
    for key, value in tensors.items():
        for before, after in FORMERLY.items():
            key = key.replace(before, after)
        if value.ndim == 4 and key.endswith(ATTENTION):
            value = value.flatten(1)  # attention was once made of 1×1 convolutions
        renamed[key] = value
    return renamed


def _sizes(config: dict[str, Any], folder: Path) -> Sizes:
    try:
        for field, kind in BLOCKS.items():
            for name in config[field]:
                if name != kind:
                    raise CheckpointError(
                        f"{folder.name}/{CONFIG} has a block {name!r:.60}; only {kind} is known."
                    )
        sizes = Sizes(
            image=int(config["in_channels"]),
            latent=int(config["latent_channels"]),
            blocks=tuple(map(int, config["block_out_channels"])),
            layers=int(config.get("layers_per_block", 1)),
            groups=int(config.get("norm_num_groups", 32)),
            attention=bool(config.get("mid_block_add_attention", True)),
            quant=bool(config.get("use_quant_conv", True)),
            post_quant=bool(config.get("use_post_quant_conv", True)),
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise CheckpointError(
            f"{folder.name}/{CONFIG} does not describe an {KIND}: {error} is missing or of another "
            "kind."
        ) from error
    except ValueError as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{folder.name}/{CONFIG} does not describe an {KIND}.") from error
    numbers = (sizes.image, sizes.latent, sizes.layers, sizes.groups, *sizes.blocks)
    if min(numbers) < 1 or not 1 <= len(sizes.blocks) <= MOST_BLOCKS or sizes.layers > MOST_LAYERS:
        raise CheckpointError(
            f"{folder.name}/{CONFIG} describes an {KIND} of {len(sizes.blocks)} blocks of "
            f"{sizes.layers} layers; at most {MOST_BLOCKS} of {MOST_LAYERS} are "
            "read, and no size may be 0."
        )
    return sizes
