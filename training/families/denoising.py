"""Denoising autoencoder: shown a noisy image, asked for the clean one (Vincent et al. 2010)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.families.family import Activation, Form, Measurement, refuse_settings
from training.families.points import Points, point_measurement, shown
from training.objectives.corruption import NOISES, Level, Noise

if TYPE_CHECKING:
    import torch
    from torch import nn

    from training.config import RunConfig
    from training.contract.measurements import Metric, Rounding
    from training.datasets import Dataset
    from training.evaluation.evaluate import Measured
    from training.learners import Learner

JUDGED_AT = 0.3  # the level of noise that every such model is measured at, whatever it learned with
MOST_CODES = 300_000  # numbers that the codes of the examples take


class Denoising(Points, frozen=True, tag="denoising"):
    """A layer of hidden units, `latents` of them, between an image with noise and one without.

    `noise` is laid on the images in training, at this `level`: σ of a Gaussian in grey levels, or
    the share of pixels that are lost. At the level 0 it is a plain autoencoder.
    """

    noise: Noise = "gaussian"
    level: Level = 0.3
    activation: Activation = "relu"

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss."""
        refuse_settings(config, "a denoising autoencoder")

    def words(self, config: RunConfig) -> str:
        """What it is, how wide, and what it learned from."""
        if self.level == 0:
            return f"Autoencoder · {self.latents} hidden units · from clean images"
        what = {"gaussian": "σ", "masking": "masked", "salt_and_pepper": "salt and pepper"}
        seen = f"{what[self.noise]} {self.level:g}"
        return f"Denoising autoencoder · {self.latents} hidden units · {seen}"

    def network(self, form: Form) -> nn.Module:
        """One matrix for both ways."""
        from training.models.tied import TiedAutoencoder

        return TiedAutoencoder(form.image, self.latents, self.activation)

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The squared error to the clean images."""
        from training.learners.denoiser import Denoiser
        from training.objectives.denoised import Denoised

        return Denoiser(model, Denoised(self.noise, self.level), config.train)

    def most_examples(self) -> int:
        """So many that their codes stay small: a wide layer has more of them than an image."""
        return max(100, MOST_CODES // self.latents)

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """The squared error on clean images, and what becomes of noisy ones."""
        found = point_measurement(model, data)
        return found._replace(metrics=found.metrics + denoised(model, data))

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """Where images and hidden units stay as they were."""
        from torch import nn

        from training.checkpoints.half_precision import Part, round_parts, seen_and_judged

        _, x = seen_and_judged(dataset)
        parts = (
            # The matrix is both the encoder's and the decoder's.
            Part.of_images(model, lambda: None, lambda: shown(model.decode(model.encode(x)))),
            Part.of_codes(
                nn.Identity(), lambda: None, lambda: model.encode(x), model.encode(x).std(0).mean()
            ),
        )
        what = (
            f"a decoded value in [0, 1] for {len(x):,} images, and of their hidden units, in the "
            "mean standard deviation of a unit over the images"
        )
        return round_parts(model, parts, what, len(x), seed)


def denoised(model: Any, data: Measured) -> tuple[Metric, ...]:
    """PSNR of noisy images and of what the model makes of them, under each kind of noise."""
    import torch

    from training.metrics.psnr import psnr
    from training.objectives.corruption import corrupted

    x = torch.cat([batch.x for batch in data.batches])
    found: tuple[Metric, ...] = ()
    for noise in NOISES:
        generator = torch.Generator().manual_seed(data.seed)
        noisy = corrupted(x, noise, JUDGED_AT, generator)
        with torch.no_grad():
            clean = torch.cat(
                [shown(model.decode(model.encode(some))) for some in noisy.split(500)]
            )
        words = noise.replace("_", " ")
        what = (
            "10 log₁₀(1 / mean squared difference to the clean image), over all pixels of all "
            f"images; {words} noise of level {JUDGED_AT:g}"
        )
        found += (
            data.metric(
                *(f"noisy_{noise}", f"Noisy, {words}", psnr(x, noisy), "dB"), f"{what}, as it is"
            ),
            data.metric(
                *(f"denoised_{noise}", f"Denoised, {words}", psnr(x, clean), "dB"),
                f"{what}, after the model",
            ),
        )
    return found
