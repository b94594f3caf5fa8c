"""Measure a model against the true factors of its data.

Apart from evaluate.py, so that a training does not wait for scikit-learn.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from training.config import RunConfig
from training.contract.card import Information, Metric
from training.datasets import Dataset, Split
from training.loop import prepare
from training.metrics import Result
from training.metrics.beta_vae import beta_vae_score
from training.metrics.dci import dci
from training.metrics.encode import encode, encode_random
from training.metrics.explicitness import explicitness
from training.metrics.factor_vae import factor_vae_score
from training.metrics.infomec import infomec
from training.metrics.mig import mig
from training.metrics.modularity import modularity
from training.metrics.sap import sap
from training.models import VAE

DRAWN = 50_000  # images at random factors; each of 40 orientations is there 1,250 times


def measure_factors(
    model: VAE, dataset: Dataset, config: RunConfig, seed: int
) -> tuple[tuple[Metric, ...], Information | None]:
    """The disentanglement metrics that the data set's ground truth allows, and what MIG is made of.

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
        return model.encode(prepare(x, config, generator)).mean

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
    informed = infomec(*scored, seed=seed)

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

    best_explicit = explicitness(*perfect[0], *perfect[1]).value
    metrics = [
        metric("mig", "MIG", gap.value, gap, best=mig(*perfect[1]).value),
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
        gap.protocol,
    )
    return tuple(metrics), information


def in_units_of_the_prior(factors: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Factors (N, F) as a perfect code: each of unit variance over its values, around 0."""
    numbers = np.array(sizes)
    deviations = np.sqrt((numbers**2 - 1) / 12)  # of a uniform integer
    return np.asarray((factors - (numbers - 1) / 2) / np.where(numbers > 1, deviations, 1))
