"""A folder of pythae: `model_config.json` and `model.pt`, as its `save` documents them.

pythae (Chadebec, Vincent and Allassonnière, 2022) writes a custom network as a pickle that runs
code; only its default networks, two layers of 512 units, are built here.
"""

from math import prod
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from training.contract.outputs import LikelihoodName
from training.errors import CheckpointError
from training.importing.described import configuration, filled, image
from training.importing.found import Found, Said, Shape
from training.importing.modules import Decode, Encode
from training.importing.weights import digest, read_weights

CONFIG, MODEL = "model_config.json", "model.pt"
HIDDEN = 512

# Families whose latent space is not flat, or whose codes are discrete.
NOT_FLAT = {
    "SVAEConfig": "its latents lie on a sphere",
    "PoincareVAEConfig": "its latents lie in a Poincaré ball",
    "VQVAEConfig": "its latents are entries of a codebook",
    "HRQVAEConfig": "its latents are entries of codebooks",
}
POINTS = ("AEConfig", "RAE_L2_Config", "RAE_GP_Config", "WAE_MMD_Config")  # no posterior
# What these have beside the default networks, and is not taken over.
BESIDE = {
    "VAMPConfig": "the prior, a mixture at learned pseudo-inputs",
    "RHVAEConfig": "the learned metric and its sampler",
    "HVAEConfig": "the Hamiltonian steps after the encoder",
    "VAE_IAF_Config": "the flow after the encoder: the codes are those before it",
    "VAE_LinNF_Config": "the flow after the encoder: the codes are those before it",
}
NO_NORMAL_PRIOR = (*POINTS, *BESIDE)


class Mlp(nn.Module):
    """pythae's default encoder: one hidden layer, then the mean and, for a VAE, log-variance."""

    def __init__(self, pixels: int, latents: int, has_posterior: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Sequential(nn.Linear(pixels, HIDDEN), nn.ReLU())])
        self.embedding = nn.Linear(HIDDEN, latents)
        self.log_var = nn.Linear(HIDDEN, latents) if has_posterior else None

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Images (B, C, H, W) to codes (B, D), or to mean and log-variance."""
        hidden = self.layers[0](x.flatten(1))
        mean: Tensor = self.embedding(hidden)
        return mean if self.log_var is None else (mean, self.log_var(hidden))


class Pair(nn.Module):
    """The two networks by the names under which pythae saves them."""

    def __init__(self, pixels: int, latents: int, has_posterior: bool) -> None:
        super().__init__()
        self.encoder = Mlp(pixels, latents, has_posterior)
        self.decoder = nn.Module()
        self.decoder.layers = nn.ModuleList(
            [
                nn.Sequential(nn.Linear(latents, HIDDEN), nn.ReLU()),
                nn.Sequential(nn.Linear(HIDDEN, pixels), nn.Sigmoid()),
            ]
        )

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, D) to pixels (B, C·H·W)."""
        first, second = self.decoder.layers  # type: ignore[misc]
        pixels: Tensor = second(first(z))
        return pixels


def holds(folder: Path) -> Path | None:
    """The folder of pythae's that this is, or whose `final_model` it has."""
    places = (folder, folder / "final_model", *sorted(folder.glob("*/final_model")))
    return next((place for place in places if (place / CONFIG).is_file()), None)


def read(folder: Path, said: Said) -> Found:
    """The model of a folder of pythae.

    Raises:
        CheckpointError: if it is not one of the default networks on flat latents.
    """
    config = _config(folder / CONFIG)
    name, size = config["name"], config["latent_dim"]
    if name in NOT_FLAT:
        raise CheckpointError(f"{folder.name} is a {name}: {NOT_FLAT[name]}, so it has no sliders.")
    if not (folder / MODEL).is_file():
        raise CheckpointError(f"{folder.name} has {CONFIG} but no {MODEL}: copy the whole folder.")
    for part in ("encoder.pkl", "decoder.pkl"):
        if (folder / part).exists():
            raise CheckpointError(
                f"{folder.name}/{part} is a network of your own, saved as a pickle that runs code; "
                f"it was not opened. Import {folder / MODEL} with --class module:Class instead, "
                "where Class is a module with the parts encoder and decoder."
            )
    shape = image(said.shape or _shape(config["input_dim"]), folder.name)
    tensors, _ = read_weights(folder / MODEL)
    sizes = (prod(shape), size, "encoder.log_var.weight" in tensors)
    try:
        network = filled(Pair, sizes, tensors, folder / MODEL)
    except CheckpointError as error:
        raise CheckpointError(
            f"{error} These are pythae's default networks; if they are your own, give --class "
            "module:Class."
        ) from error
    loss = config.get("reconstruction_loss")
    likelihood: LikelihoodName | None = (
        "bernoulli" if loss == "bce" else "gaussian" if loss == "mse" else None
    )
    left = tuple(sentence for key, sentence in BESIDE.items() if key == name)
    return Found(
        Decode(network, "decode", shape, "unit"),
        Encode(network, "encoder", "unit"),
        shape,
        size,
        prior=name not in NO_NORMAL_PRIOR,
        likelihood=likelihood,
        sigma=1.0 if likelihood == "gaussian" else None,  # pythae's loss is ½(x̂ − x)²
        family="autoencoder" if name in POINTS else "vae",
        origin=f"pythae, {name} ({MODEL}, SHA-256 {digest(folder / MODEL)})",
        left=left,
    )


def _config(path: Path) -> dict[str, Any]:
    config = configuration(path)
    try:
        name, size = str(config["name"]), int(config["latent_dim"])
        shape = tuple(map(int, config["input_dim"]))
        if size < 1:
            raise ValueError
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise CheckpointError(
            f"{path.parent.name}/{path.name} does not say name, latent_dim and input_dim as "
            "pythae writes them: save the model again."
        ) from error
    return config | {"name": name, "latent_dim": size, "input_dim": shape}


def _shape(sizes: tuple[int, ...]) -> Shape:
    match sizes:
        case (height, width):
            return 1, height, width
        case (channels, height, width):
            return channels, height, width
    raise CheckpointError(
        f"The model takes {'×'.join(map(str, sizes)):.60} numbers, which are not images: give "
        "--shape 1,28,28 if they are."
    )
