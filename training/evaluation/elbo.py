"""Measure the ELBO of a VAE of images on the test split, and the importance-weighted bound."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.config import RunConfig
from training.contract.measurements import Latent, Metric, Provenance
from training.datasets import Dataset
from training.evaluation.evaluate import BATCH, PIXELS
from training.families.family import Measurement
from training.metrics.active_units import VARIANCE, active_units
from training.metrics.iwae_bound import iwae_bound
from training.models import VAE
from training.trainer.loop import prepare


@torch.no_grad()
def measure_elbo(
    given: Callable[[Any], VAE], dataset: Dataset, config: RunConfig, seed: int
) -> Measurement:
    """Metrics and statistics per latent, with one sample of q(z|x) per test image.

    On the CPU, in float32, wherever the model was trained: a seed draws other noise elsewhere.

    Args:
        given: the labels or factors of images -> the VAE of these images; the same one for all,
            unless it is told them.
    """
    split = dataset.splits["test"]
    generator = torch.Generator().manual_seed(seed)
    reconstruction, kl, means, deviations = [], [], [], []
    for indices in torch.arange(len(split)).split(BATCH):
        x = prepare(split.images(indices), config, generator)
        model = given(split.targets[indices])
        posterior = model.encode(x)
        likelihood = model.decode(posterior.sample(generator))
        reconstruction.append(-likelihood.log_prob(x).flatten(1).double().sum(1))  # (B,)
        kl.append(posterior.kl_to_prior().double())  # (B, D)
        means.append(posterior.mean.double())
        deviations.append(posterior.deviation.double())

    reconstruction_nats = torch.cat(reconstruction).mean().item()
    kl_nats = torch.cat(kl).mean(0)  # (D,)
    units = active_units(torch.cat(means).numpy())

    pixels = PIXELS[config.data.pixels]
    sampled = f"one sample of q(z|x) per image, {pixels}, summed over pixels, mean over images"
    closed = "closed form KL(q(z|x) ‖ N(0, I)), mean over images"

    def metric(name: str, label: str, value: float, unit: str, how: str) -> Metric:
        return Metric(name, label, value, unit, "test", len(split), seed, how)

    total_kl = kl_nats.sum().item()
    elbo_terms = f"Reconstruction plus KL, without an objective's weights: {sampled}."
    metrics = [
        metric("neg_elbo", "−ELBO", reconstruction_nats + total_kl, "nats", elbo_terms),
        metric(
            "reconstruction",
            "Reconstruction",
            reconstruction_nats,
            "nats",
            f"−ln p(x|z): {sampled}.",
        ),
        metric("kl", "KL", total_kl, "nats", f"Sum over latents of the {closed}; {pixels}."),
        metric(
            "active_units",
            "Active units",
            float(units.value),
            "latents",
            f"Latents whose posterior mean has a variance above {VARIANCE} over images "
            f"(Burda et al. 2016); {pixels}.",
        ),
    ]
    if config.data.pixels == "dequantized":  # then the likelihood is a density, see RunConfig
        nats_per_pixel = (reconstruction_nats + total_kl) / math.prod(dataset.shape)
        metrics.append(
            metric(
                "bits_per_dim",
                "−ELBO per pixel",
                nats_per_pixel / math.log(2) + 8,
                "bits/dim",
                "−ELBO / (pixels · ln 2) + 8: an upper bound on bits per pixel (256 grey levels).",
            )
        )
    latents = of_latents(kl_nats, torch.cat(means), torch.cat(deviations))
    provenance = Provenance("nats", "test", len(split), seed, f"KL per latent: {closed}; {pixels}.")
    return Measurement(tuple(metrics), latents, provenance)


def of_latents(kl_nats: Tensor, means: Tensor, deviations: Tensor) -> tuple[Latent, ...]:
    """What each latent carries.

    Args:
        kl_nats: mean over examples, (D,).
        means: of the posteriors, (N, D), as are their `deviations`.
    """
    units = active_units(means.numpy())
    return tuple(
        Latent(round(nats, 6), round(mean, 6), round(std, 6), round(sigma, 6), is_active)
        for nats, mean, std, sigma, is_active in zip(
            kl_nats.tolist(),
            means.mean(0).tolist(),
            np.sqrt(units.variances).tolist(),
            deviations.mean(0).tolist(),
            units.active.tolist(),
            strict=True,
        )
    )


def measure_likelihood(
    model: VAE, dataset: Dataset, config: RunConfig, seed: int, samples: int
) -> tuple[Metric, Metric]:
    """The importance-weighted bound on −ln p(x) over the test split, in nats and in bits/dim.

    On the CPU, in float32. With 5,000 samples it takes minutes, even for a network of dense layers.

    Args:
        samples: of q(z|x) an image.

    Raises:
        MetricError: if `samples` is under one, or the model has diverged.
    """
    split = dataset.splits["test"]
    generator = torch.Generator().manual_seed(seed)
    x = prepare(split.images(torch.arange(len(split))), config, generator)
    levels = 256 if config.data.pixels == "dequantized" else 1
    bound = iwae_bound(model, x, samples, seed, levels=levels)
    pixels = PIXELS[config.data.pixels]
    how = f"{bound.protocol} {pixels[0].upper()}{pixels[1:]}"
    nats = (
        f"{how}, summed over pixels; the standard error over images is "
        f"{bound.standard_error_nats:.2f} nats."
    )
    bits = f"{how}; nats / (pixels · ln 2){' + 8' if levels > 1 else ''}."
    where = ("test", len(split), seed)
    return (
        Metric("neg_log_likelihood", "−ln p(x), bound", -bound.value_nats, "nats", *where, nats),
        Metric(
            *("neg_log_likelihood_per_dim", "−ln p(x) per pixel", bound.bits_per_dim, "bits/dim"),
            *(*where, bits),
        ),
    )
