"""The loss of a VQ-VAE: van den Oord et al. 2017, Eq. 3, with the codebook moved by averages."""

from dataclasses import dataclass

from torch import Tensor

from training.models.vqvae import VQVAE, Quantised


@dataclass(frozen=True)
class VectorQuantised:
    """−ln p(x|e) + β |z − sg(e)|², sg stopping the gradient.

    The paper's middle term, |sg(z) − e|², is left to moving averages (Appendix A.1). Pixels are
    summed, and so are cells of the grid and dimensions of their vectors.
    """

    beta: float

    def __call__(self, model: VQVAE, x: Tensor) -> tuple[Tensor, dict[str, Tensor], Quantised]:
        """The loss to descend, its parts, scalars, and the codes of the images (B, C, H, W)."""
        quantised = model.quantise(x)
        reconstruction_nats = (
            -model.decode_vectors(quantised.vectors).log_prob(x).flatten(1).sum(1)
        )  # (B,)
        away = quantised.z - quantised.vectors.detach()
        commitment = away.square().flatten(1).sum(1)  # (B,)

        loss = reconstruction_nats + self.beta * commitment
        parts = {
            "reconstruction_nats": reconstruction_nats.mean(),
            "commitment": commitment.mean(),
        }
        return loss.mean(), parts, quantised
