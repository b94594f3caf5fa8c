"""A table of results made by hand for the browser tests, with models that can be worked out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from training.config import settings
from training.contract.card import CODES, DECODER, ENCODER, Factor, File
from training.contract.files import describe_files
from training.contract.measurements import Information, Latent, Metric, Provenance
from training.contract.table import Row, Run, Stage, Table, write_table

from . import checkpoints

SHAPE = (1, 12, 8)
LATENTS = 4
FACTORS = (
    Factor("place", 3, "ordered"),
    Factor("size", 2, "ordered"),
    Factor("tilt", 5, "ordered"),
)
EXAMPLES = "blots"
STEPS = (0, 500, 1000)
IMAGES = 8
HOW = "Made by hand for a test."

# Which blot each latent of a model makes: the last blot is empty, and its latent inactive.
BLOTS = {
    ("beta-1", 0): (0, 1, 2, 3),
    ("beta-1", 1): (2, 3, 0, 1),
    ("beta-4", 0): (1, 0, 2, 3),
    ("beta-4", 1): (2, 1, 3, 0),
    ("beta-16", 0): (3, 0, 1, 2),
    ("other", 2): (0, 1, 2, 3),
}
ROWS = (
    Row("beta-16", "β = 16", "High.", (0, 1), 16),
    Row("beta-0.5", "β = ½", "Low.", (0, 1), 0.5),
    Row("beta-1", "β = 1", "The VAE.", (0, 1), 1),
    Row("beta-4", "β = 4", "The middle.", (0, 1), 4),
    Row("other", "Another objective", "Not over β.", (0, 1, 2)),
    Row("never", "Never trained", "Not here.", (0, 1)),
)


def pixels(recipe: str, seed: int) -> NDArray[np.float32]:
    """The weights of that run's decoder, (latents, C·H·W): `checkpoints.decode` takes them."""
    return checkpoints.weights(LATENTS, SHAPE, 1)[list(BLOTS[recipe, seed])]


def share(blot: int, factor: int) -> float:
    """What a latent that makes that blot tells about a factor, of its entropy."""
    return 0.8 if blot == factor else 0.1 if blot < 3 else 0.02


PERFECT = 0.9  # MIG of a perfect code


def score(recipe: str, seed: int) -> float:
    """The MIG of a run."""
    return {"beta-1": 0.2, "beta-4": 0.4, "beta-16": 0.6, "other": 0.5}[recipe] + seed / 20


def write(models: Path, results: Path) -> None:
    """Write the checkpoint of the examples, and the table "ladder" with its models."""
    checkpoints.write(models / EXAMPLES, factors=FACTORS)
    write_table(results / "ladder", table(results / "ladder"))


def table(folder: Path) -> Table:
    """The table; writes the models of its runs. That of `other` is the checkpoint's own."""
    return Table(
        name="ladder",
        title="A ladder by hand",
        intent="For tests.",
        command="python -m training reproduce ladder",
        metrics=("mig", "sap"),
        rows=ROWS,
        runs=tuple(_run(folder, recipe, seed) for recipe, seed in reversed(BLOTS)),
        examples=EXAMPLES,
        images=IMAGES,
    )


def _run(folder: Path, recipe: str, seed: int) -> Run:
    steps = STEPS if (recipe, seed) == ("beta-4", 0) else STEPS[-1:]
    return Run(
        recipe=recipe,
        seed=seed,
        command="none",
        config=settings(checkpoints.config(LATENTS)),
        images=64 * STEPS[-1],
        seconds=1,
        hardware="none",
        precision="float32",
        latents_provenance=Provenance("nats", "test", 100, 0, HOW),
        stages=tuple(_stage(folder, recipe, seed, step) for step in steps),
        checkpoint=EXAMPLES if recipe == "other" else None,
    )


def _write_codes(folder: Path, recipe: str, seed: int) -> str:
    """Write what tells the codes of the examples: an encoder, as old tables have it, or codes."""
    if seed == 0:
        (folder / ENCODER).write_bytes(checkpoints.encoder(pixels(recipe, seed), SHAPE))
        return ENCODER
    means = checkpoints.codes(IMAGES, LATENTS)[:, list(BLOTS[recipe, seed])]
    means[:, BLOTS[recipe, seed].index(3)] = 0  # the empty blot tells the encoder nothing
    (folder / CODES).write_bytes(safetensors.numpy.save({"mean": np.ascontiguousarray(means)}))
    return CODES


def _stage(folder: Path, recipe: str, seed: int, step: int) -> Stage:
    blots = BLOTS[recipe, seed]
    trained = step / STEPS[-1]
    name = f"{recipe}-s{seed}/{step}"
    files: dict[str, File] | None = None
    if recipe != "other":
        (folder / name).mkdir(parents=True)
        weights = pixels(recipe, seed) * np.float32(trained)
        (folder / name / DECODER).write_bytes(checkpoints.decoder(weights, SHAPE, half=seed == 1))
        files = describe_files(folder / name, (DECODER, _write_codes(folder / name, recipe, seed)))
    kl = [0.01 if blot == 3 else 3.0 - blot / 2 for blot in blots]
    rate = sum(kl) * trained
    metrics = {"kl": rate, "reconstruction": 40 - 2 * rate, "mig": score(recipe, seed) * trained}
    entropies = tuple(float(np.log(factor.size)) for factor in FACTORS)
    nats = tuple(
        tuple(share(blot, at) * trained * entropy for at, entropy in enumerate(entropies))
        for blot in blots
    )
    return Stage(
        step=step,
        images=64 * step,
        metrics=tuple(
            Metric(
                *(key, key.upper(), value, "of 1" if key == "mig" else "nats"),
                *("test", 100, 0, HOW),
                perfect=PERFECT if key == "mig" else None,
            )
            for key, value in metrics.items()
        ),
        latents=tuple(
            Latent(nats, 0.0, 1.0, 0.25, blot != 3) for nats, blot in zip(kl, blots, strict=True)
        ),
        information=Information(nats, entropies, "test", 100, 0, HOW),
        folder=None if files is None else name,
        files=files,
    )
