"""Measure a model against the true factors of its data.

Apart from evaluate.py, so that a training does not wait for scikit-learn.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from msgspec import structs
from torch import Tensor

from training.batch import Batch
from training.config import RunConfig
from training.contract.card import Factor
from training.contract.measurements import Information, Metric
from training.contract.spaces import Continuous
from training.datasets import Dataset, Split
from training.families.family import Family
from training.metrics import Result
from training.metrics.beta_vae import beta_vae_score
from training.metrics.dci import dci
from training.metrics.encode import encode, encode_random
from training.metrics.explicitness import explicitness
from training.metrics.factor_vae import factor_vae_score
from training.metrics.infomec import infomec
from training.metrics.mig import BINS, mig
from training.metrics.modularity import modularity
from training.metrics.overlap import is_black_and_white, overlap
from training.metrics.sap import sap
from training.trainer.loop import prepare

DRAWN = 50_000  # images at random factors; each of 40 orientations is there 1,250 times
BATCH = 500


def measure_factors(
    model: Any, dataset: Dataset, config: RunConfig, seed: int
) -> tuple[tuple[Metric, ...], Information | None]:
    """The metrics that the data set's ground truth allows, and what MIG is made of.

    What is learned (forests, regressions) is fitted to the codes of the validation split and scored
    on those of the test split; the model was trained on neither. The FactorVAE and β-VAE scores
    draw from images at random factors, so from all splits.

    Three metrics cannot reach 1 where a factor has many values. Beside these stands what a perfect
    code gets: the factors themselves, in order, one on each latent.
    """
    if dataset.factors is None:
        return (), None
    generator = torch.Generator().manual_seed(seed)

    def encoder(x: Tensor) -> Tensor:
        codes = config.model.encode(model, Batch(prepare(x, config, generator)))
        assert codes is not None
        return codes.value

    def codes_and_factors(split: Split) -> tuple[np.ndarray, np.ndarray]:
        return encode(encoder, split.images, torch.arange(len(split))), split.targets.numpy()

    fitted = codes_and_factors(dataset.splits["validation"])
    scored = codes_and_factors(dataset.splits["test"])
    sizes = [factor.size for factor in dataset.factors]
    # In units of the prior: SAP depends on the unit of a latent.
    perfect = [(in_units_of_the_prior(v, sizes), v) for _, v in (fitted, scored)]
    gap = mig(*scored)
    forests = dci(*fitted, *scored, seed=seed)
    separated = sap(*fitted, *scored)
    modular = modularity(*scored)
    explicit = explicitness(*fitted, *scored)
    controls = config.model.trained_controls(model, dataset.form)
    quantized = all(isinstance(one, Continuous) and one.levels is not None for one in controls)
    informed = infomec(*scored, seed=seed, quantized=quantized)

    def of_codes(how: str) -> str:
        """What is said of any codes, in the words of these."""
        return how.replace("posterior mean", "quantized code") if quantized else how

    def metric(
        name: str,
        label: str,
        value: float,
        result: Result,
        split: str = "test",
        best: float | None = None,
    ) -> Metric:
        how = (result.samples, seed, result.protocol)
        return Metric(name, label, value, "of 1", split, *how, perfect=best)

    best_explicit, best_gap = explicitness(*perfect[0], *perfect[1]).value, mig(*perfect[1])
    metrics = [
        metric("mig", "MIG", gap.value, gap, best=best_gap.value),
        metric("dci_disentanglement", "DCI disentanglement", forests.disentanglement, forests),
        metric("dci_completeness", "DCI completeness", forests.completeness, forests),
        metric("dci_informativeness", "DCI informativeness", forests.informativeness, forests),
        metric("sap", "SAP", separated.value, separated, best=sap(*perfect[0], *perfect[1]).value),
        metric("modularity", "Modularity", modular.value, modular),
        metric("explicitness", "Explicitness", explicit.value, explicit, best=best_explicit),
        metric("info_modularity", "InfoM", informed.modularity, informed),
        metric("info_explicitness", "InfoE", informed.explicitness, informed),
        metric("info_compactness", "InfoC", informed.compactness, informed),
    ]
    of_one_latent = (
        f"The largest share of the factor's entropy that one latent tells, I(z_j; v) / H(v), by "
        f"{gap.samples:,} posterior means in {BINS} bins of equal width."
    )
    shares = (gap.largest_shares.tolist(), best_gap.largest_shares.tolist())
    for factor, share, best in zip(dataset.factors, *shares, strict=True):
        if np.isfinite(share):
            label = f"{factor.name.capitalize()} on one latent"
            whole = "test", gap.samples, seed, of_one_latent
            metrics.append(Metric(share_of(factor), label, share, "of 1", *whole, perfect=best))
    metrics += measure_overlap(config.model, model, dataset, seed)
    if dataset.at_factors is not None:
        drawn = encode_random(encoder, dataset, DRAWN, seed)
        vote = factor_vae_score(*drawn, seed=seed)
        shared = beta_vae_score(*drawn, seed=seed)
        metrics += [
            metric("factor_vae_score", "FactorVAE score", vote.value, vote, "all"),
            metric("beta_vae_score", "β-VAE score", shared.value, shared, "all"),
        ]
    information = Information(
        tuple(tuple(round(nats, 6) for nats in row) for row in gap.information_nats.tolist()),
        tuple(round(nats, 6) for nats in gap.entropies_nats.tolist()),
        "test",
        gap.samples,
        seed,
        of_codes(gap.protocol),
    )
    said = [structs.replace(metric, how=of_codes(metric.how)) for metric in metrics]
    return tuple(said), information


def share_of(factor: Factor) -> str:
    """The name of the metric that says how much of a factor its best latent tells."""
    return f"share_{factor.name.replace(' ', '_')}"


@torch.no_grad()
def measure_overlap(family: Family, model: Any, dataset: Dataset, seed: int) -> list[Metric]:
    """How well an image and its reconstruction overlap, for each value of a categorical factor.

    None where images are not black and white, or no factor is categorical.
    """
    kinds = [
        (column, factor)
        for column, factor in enumerate(dataset.factors or ())
        if factor.kind == "categorical" and factor.values is not None
    ]
    if not kinds:
        return []
    split = dataset.splits["test"]
    overlaps = []
    for indices in torch.arange(len(split)).split(BATCH):
        x = split.images(indices)
        if not is_black_and_white(x):
            return []
        back = family.reconstruct(model, Batch(x, split.targets[indices]))
        if back is None:
            return []
        overlaps.append(overlap(x, back))
    found, metrics = torch.cat(overlaps).double(), []
    for column, factor in kinds:
        for index, value in enumerate(factor.values or ()):
            own = found[split.targets[:, column] == index]
            if not len(own):
                continue
            how = (
                "Intersection over union of an image and its reconstruction from the posterior "
                f"mean, both cut at 1/2: the mean over the images whose {factor.name} is {value}."
            )
            name, label = f"iou_{value.replace(' ', '_')}", f"IoU, {value}"
            of = ("of 1", "test", len(own), seed, how)
            metrics.append(Metric(name, label, own.mean().item(), *of))
    return metrics


def in_units_of_the_prior(factors: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Factors (N, F) as a perfect code: each of unit variance over its values, around 0."""
    numbers = np.array(sizes)
    deviations = np.sqrt((numbers**2 - 1) / 12)  # of a uniform integer
    return np.asarray((factors - (numbers - 1) / 2) / np.where(numbers > 1, deviations, 1))
