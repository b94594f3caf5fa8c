"""What tells codes from permuted codes: the discriminator of Kim & Mnih 2018, Appendix A."""

import itertools

from torch import nn


class Discriminator(nn.Sequential):
    """Codes (B, D) -> two logits (B, 2): drawn from q(z), or from Π_d q(z_d)?

    In the paper (Appendix A) six layers of 1,000 leaky rectified units.
    """

    def __init__(self, latents: int, layers: int, units: int) -> None:
        sizes = itertools.pairwise([latents, *[units] * layers])
        hidden = [(nn.Linear(inputs, outputs), nn.LeakyReLU(0.2)) for inputs, outputs in sizes]
        super().__init__(*itertools.chain(*hidden), nn.Linear(units, 2))
