"""The objectives, a file each, and the one place where their reduction is stated.

Log-probabilities are summed over pixels, KL is summed over latents, and both are averaged over the
batch, in nats. With that reduction β weighs one nat of KL against one nat of likelihood, as in
Higgins et al. 2017; code that averages over pixels instead trains with another β of the same name.
"""

from importlib import import_module

from training.objectives.objective import ObjectiveConfig

# Those that a configuration can name, as file.Class.
_LISTED = (
    "beta_vae.BetaVAE",
    "capacity.Capacity",
    "geco.GECO",
    "beta_tcvae.BetaTCVAE",
    "factor_vae.FactorVAE",
    "dip_vae.DIPVAEI",
    "dip_vae.DIPVAEII",
    "iwae.IWAE",
)


def _class(entry: str) -> type[ObjectiveConfig]:
    file, _, name = entry.partition(".")
    listed: type[ObjectiveConfig] = getattr(import_module(f"{__name__}.{file}"), name)
    return listed


OBJECTIVES: tuple[type[ObjectiveConfig], ...] = tuple(map(_class, _LISTED))
