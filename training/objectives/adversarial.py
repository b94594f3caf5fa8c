"""The two losses of a GAN: Goodfellow et al. 2014, Algorithm 1.

The discriminator's logits are a(x) = ln D(x) / (1 − D(x)); then −ln D = softplus(−a) and
−ln(1 − D) = softplus(a).
"""

from torch import Tensor
from torch.nn import functional as F


def discriminator_loss(real: Tensor, generated: Tensor) -> Tensor:
    """−E_data[ln D(x)] − E_z[ln(1 − D(G(z)))] of logits (B,) each, in nats.

    At the best discriminator it is 2 ln 2 − 2 JS(p_data ‖ p_G) (Theorem 1).
    """
    return F.softplus(-real).mean() + F.softplus(generated).mean()


def generator_loss(generated: Tensor) -> Tensor:
    """−E_z[ln D(G(z))] of logits (B,), in nats.

    The non-saturating loss (Section 3): its gradient is strong where the discriminator wins.
    """
    return F.softplus(-generated).mean()
