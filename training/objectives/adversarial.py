"""The two losses of a GAN (Goodfellow et al. 2014, Algorithm 1), and what calms its discriminator.

The discriminator's logits are a(x) = ln D(x) / (1 − D(x)); then −ln D = softplus(−a) and
−ln(1 − D) = softplus(a).
"""

from collections.abc import Callable

import torch
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


def gradient_penalty(discriminator: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """E_data[‖∇a(x)‖²] of images (B, C, H, W): Mescheder et al. 2018, Eq. 9, but for γ/2.

    A discriminator that cannot be steep where the data are leaves the generator a slope to follow,
    and an equilibrium to end in.
    """
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gradient.flatten(1).square().sum(1).mean()
