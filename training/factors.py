"""Measure a model against the true factors of its data.

Apart from evaluate.py, so that a training does not wait for scikit-learn.
"""

import numpy as np
import torch
from torch import Tensor

from training.card import Information, Metric
from training.config import RunConfig
from training.datasets import Dataset, Split
from training.loop import prepare
from training.metrics import Result
from training.metrics.beta_vae import beta_vae_score
from training.metrics.dci import dci
from training.metrics.encode import encode
from training.metrics.factor_vae import factor_vae_score
from training.metrics.mig import mig
from training.metrics.modularity_explicitness import modularity_explicitness
from training.metrics.sap import sap
from training.models import VAE


def measure_factors(
    model: VAE, dataset: Dataset, config: RunConfig, seed: int
) -> tuple[tuple[Metric, ...], Information | None]:
    """The disentanglement metrics that the data set's ground truth allows, and what MIG is made of.

    What is learned (forests, regressions) is fitted to the codes of the validation split and scored
    on those of the test split; the model was trained on neither. The FactorVAE and β-VAE scores
    draw from all combinations of factors, so from all splits.
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
    names = [factor.name for factor in dataset.factors]
    gap = mig(*scored)
    forests = dci(*fitted, *scored, seed=seed)
    separated = sap(*scored, categorical=[names.index(name) for name in dataset.categorical])
    linear = modularity_explicitness(*fitted, *scored)

    def metric(name: str, label: str, value: float, result: Result, split: str = "test") -> Metric:
        return Metric(name, label, value, "of 1", split, result.samples, seed, result.protocol)

    metrics = [
        metric("mig", "MIG", gap.value, gap),
        metric("dci_disentanglement", "DCI disentanglement", forests.disentanglement, forests),
        metric("dci_completeness", "DCI completeness", forests.completeness, forests),
        metric("dci_informativeness", "DCI informativeness", forests.informativeness, forests),
        metric("sap", "SAP", separated.value, separated),
        metric("modularity", "Modularity", linear.modularity, linear),
        metric("explicitness", "Explicitness", linear.explicitness, linear),
    ]
    if dataset.at_factors is not None:
        vote = factor_vae_score(encoder, dataset, seed)
        shared = beta_vae_score(encoder, dataset, seed)
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
