"""What each training objective can be set to: one frozen row of fields an objective.

Fields bear the papers' symbols; defaults are the papers' unless the docstring says otherwise.
Weights multiply sums over pixels or latents in nats, see `training.objectives`.
"""

from dataclasses import dataclass
from typing import Literal

KLEstimator = Literal["mws", "mss"]


@dataclass(frozen=True, kw_only=True)
class BetaVAEConfig:
    """β-VAE (Higgins et al. 2017). `beta` multiplies the KL; at 1, the default, it is a VAE."""

    name: Literal["beta_vae"] = "beta_vae"
    beta: float = 1.0


@dataclass(frozen=True, kw_only=True)
class CapacityConfig:
    """γ |KL − C| (Burgess et al. 2018), C rising from `c_start` to `c_end` nats in `c_steps` steps.

    The defaults are those for dSprites.
    """

    name: Literal["capacity"] = "capacity"
    gamma: float = 1000.0
    c_start: float = 0.0
    c_end: float = 25.0
    c_steps: int = 100_000


@dataclass(frozen=True, kw_only=True)
class GECOConfig:
    """The least KL whose reconstruction costs at most `kappa` nats (Rezende & Viola 2018).

    `kappa` has no default, for it depends on the images. `alpha` is the paper's. The paper leaves
    open how far λ moves in a step; `rate`, per nat of violation up to one nat, is ours.
    """

    name: Literal["geco"] = "geco"
    kappa: float
    alpha: float = 0.99
    rate: float = 1e-3


@dataclass(frozen=True, kw_only=True)
class BetaTCVAEConfig:
    """α MI + β TC + γ dimension-wise KL (Chen et al. 2018); β = 6 is theirs for dSprites.

    `estimator` of ln q(z): minibatch-weighted sampling (mws), as in their experiments, or
    minibatch-stratified sampling (mss). The size of the data set, which both need, is that of the
    training split.
    """

    name: Literal["beta_tcvae"] = "beta_tcvae"
    alpha: float = 1.0
    beta: float = 6.0
    gamma: float = 1.0
    estimator: KLEstimator = "mws"


@dataclass(frozen=True, kw_only=True)
class FactorVAEConfig:
    """KL + γ TC, TC by a discriminator (Kim & Mnih 2018); γ = 35 is theirs for dSprites.

    The discriminator has `layers` hidden layers of `units` and learns at `discriminator_rate`.
    """

    name: Literal["factor_vae"] = "factor_vae"
    gamma: float = 35.0
    layers: int = 6
    units: int = 1000
    discriminator_rate: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class DIPVAEIConfig:
    """The covariance of posterior means goes to the identity (Kumar et al. 2018, DIP-VAE-I).

    `lambda_d` is ten times `lambda_od`, as in the paper, which tunes their size to the data: 10 is
    our choice.
    """

    name: Literal["dip_vae_i"] = "dip_vae_i"
    lambda_od: float = 10.0
    lambda_d: float = 100.0


@dataclass(frozen=True, kw_only=True)
class DIPVAEIIConfig:
    """The covariance of codes goes to the identity (Kumar et al. 2018, DIP-VAE-II).

    `lambda_d` equals `lambda_od`, as in the paper, which tunes their size to the data: 10 is our
    choice.
    """

    name: Literal["dip_vae_ii"] = "dip_vae_ii"
    lambda_od: float = 10.0
    lambda_d: float = 10.0


@dataclass(frozen=True, kw_only=True)
class IWAEConfig:
    """The importance-weighted bound with `k` samples (Burda et al. 2016, who take 1, 5 and 50)."""

    name: Literal["iwae"] = "iwae"
    k: int = 5


ObjectiveConfig = (
    BetaVAEConfig
    | CapacityConfig
    | GECOConfig
    | BetaTCVAEConfig
    | FactorVAEConfig
    | DIPVAEIConfig
    | DIPVAEIIConfig
    | IWAEConfig
)
