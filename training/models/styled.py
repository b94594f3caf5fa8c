"""The networks that latent quantization was shown with (Hsu et al. 2023, Appendix), in small.

The encoder normalises each channel of an image by itself. The decoder begins with the same map for
every image; the codes only scale and shift its normalised channels, layer by layer (Karras et al.
2019), so that one code can move one thing wherever it is.
"""

import itertools

import torch
from torch import Tensor, nn

from training.models.convolutional import halving
from training.models.layers import Activation, nonlinearity, stack
from training.models.patches import inner_of
from training.models.transposed_convolution import TransposedConvolution


def styled(
    image_shape: tuple[int, int, int],
    outputs: int,
    latents: int,
    patch: int,
    channels: tuple[int, ...],
    hidden: tuple[int, ...],
    activation: Activation,
) -> tuple[nn.Module, nn.Module]:
    """An encoder and a decoder of images, read and written in patches; see `patches`."""
    inner = inner_of(image_shape, patch, channels)
    convolutions: list[nn.Module] = []
    for inputs, made in itertools.pairwise(channels):
        convolutions += [
            halving(inputs, made),
            nn.InstanceNorm2d(made),
            nonlinearity(activation),
        ]
    units = [inner[0] * inner[1] * inner[2], *hidden]
    encoder = nn.Sequential(
        nn.Conv2d(image_shape[0], channels[0], kernel_size=patch, stride=patch),
        nonlinearity(activation),
        *convolutions,
        nn.Flatten(),
        *stack(nn.Linear, units, activation),
        nn.Linear(units[-1], outputs),
    )
    return encoder, StyledDecoder(
        image_shape[0], inner, latents, patch, channels, hidden, activation
    )


class Layer(nn.Module):
    """A convolution whose channels are normalised, then scaled and shifted by a style (B, S)."""

    def __init__(
        self, convolution: nn.Module, channels: int, style: int, activation: Activation
    ) -> None:
        super().__init__()
        self.convolution = nn.Sequential(
            convolution, nonlinearity(activation), nn.InstanceNorm2d(channels)
        )
        self.style = nn.Linear(style, 2 * channels)
        nn.init.constant_(self.style.bias[:channels], 1)
        nn.init.zeros_(self.style.bias[channels:])

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W')."""
        scale, shift = self.style(style)[:, :, None, None].chunk(2, dim=1)
        y: Tensor = self.convolution(x) * scale + shift
        return y


class StyledDecoder(nn.Module):
    """Codes (B, D) -> what the likelihood reads, (B, C, H, W)."""

    def __init__(
        self,
        colours: int,
        inner: tuple[int, int, int],
        latents: int,
        patch: int,
        channels: tuple[int, ...],
        hidden: tuple[int, ...],
        activation: Activation,
    ) -> None:
        super().__init__()
        sizes = [latents, *reversed(hidden)]
        self.begin = nn.Parameter(torch.full(inner, 0.1))
        self.style = nn.Sequential(*stack(nn.Linear, sizes, activation))
        first = nn.Conv2d(inner[0], inner[0], kernel_size=3, padding=1)
        rising = itertools.pairwise(reversed(channels))
        self.layers = nn.ModuleList(
            [
                Layer(first, inner[0], sizes[-1], activation),
                *(
                    Layer(TransposedConvolution(*pair), pair[1], sizes[-1], activation)
                    for pair in rising
                ),
            ]
        )
        self.patches = nn.Sequential(
            nn.Conv2d(channels[0], colours * patch**2, kernel_size=1), nn.PixelShuffle(patch)
        )

    def forward(self, z: Tensor) -> Tensor:
        """See the class."""
        style = self.style(z)
        x = self.begin.expand(z.shape[0], -1, -1, -1)
        for layer in self.layers:
            x = layer(x, style)
        image: Tensor = self.patches(x)
        return image
