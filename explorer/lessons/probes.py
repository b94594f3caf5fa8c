"""Every figure a lesson may show: the closed list of probes."""

from __future__ import annotations

from explorer.lessons.card_probes import BestLatent, FactorShare, OfCard, OfRow, OfTask
from explorer.lessons.image_probes import (
    AmortisationGap,
    ApproximationGap,
    Elbo,
    Evidence,
    Gap,
    IwaeMiss,
    Kl,
    MillionDraws,
    PriorDraws,
    Reconstruction,
    Sigma,
    VarianceRatio,
)
from explorer.lessons.model_probes import (
    Floor,
    MarginalKl,
    MeanKl,
    MeanReconstruction,
    Mutual,
    Pixels,
    SigmoidTwice,
    SquaredError,
    ThinShare,
    Units,
    Unused,
    VoidShare,
)
from explorer.lessons.noise_probes import Psnr
from explorer.lessons.probe import Probe
from explorer.lessons.small_probes import Coins, HumpsKl, HumpsRest, Slope, SoftmaxShare
from training.contract.fields import Identifier


class Ratio(Probe, frozen=True, kw_only=True, tag="ratio"):
    """One figure of the lesson over another; measured where both are."""

    title = "Ratio"
    unit = "times"
    how = "One of the figures above, over another."
    of: Identifier
    over: Identifier


class Difference(Probe, frozen=True, kw_only=True, tag="difference"):
    """One figure of the lesson less another; measured where both are."""

    title = "Difference"
    how = "One of the figures above, less another."
    of: Identifier
    less: Identifier


PROBES = (
    Reconstruction | Kl | Elbo | Evidence | Gap | ApproximationGap | AmortisationGap | IwaeMiss
    | PriorDraws | MillionDraws | Sigma | VarianceRatio | MeanKl | Unused | SquaredError
    | VoidShare | ThinShare | Mutual | MarginalKl | Pixels | SigmoidTwice | Floor
    | MeanReconstruction | OfCard | OfRow | OfTask | FactorShare | BestLatent | SoftmaxShare
    | Psnr | Units | Coins | Slope | HumpsKl | HumpsRest | Ratio | Difference
)  # fmt: skip
