"""The AutoencoderKL of latent diffusion, by the names under which diffusers keeps its weights.

Rombach et al. (2022), High-resolution image synthesis with latent diffusion models, appendix D.
Images (B, C, H, W) in [−1, 1]; latents (B, L, H/2ⁿ⁻¹, W/2ⁿ⁻¹) for n sizes of blocks.
"""

import dataclasses
import itertools

import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-6


@dataclasses.dataclass(frozen=True)
class Sizes:
    """What the configuration says of the network: channels of the blocks, the largest image first.

    `quant` and `post_quant`: whether a 1×1 convolution comes after the encoder, before the decoder.
    """

    image: int
    latent: int
    blocks: tuple[int, ...]
    layers: int
    groups: int
    attention: bool
    quant: bool
    post_quant: bool


class Residual(nn.Module):
    """Two normed convolutions beside a skip connection."""

    def __init__(self, before: int, after: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, before, EPSILON)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, after, EPSILON)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1)
        if before != after:
            self.conv_shortcut = nn.Conv2d(before, after, 1)
        self.same = before == after

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both ways."""
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        found: Tensor = h + (x if self.same else self.conv_shortcut(x))
        return found


class Attention(nn.Module):
    """One head over all places of the image."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, EPSILON)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        """What every place reads of the others, added to what it was."""
        places = self.group_norm(x).flatten(2).transpose(1, 2)  # (B, H·W, C)
        scores = self.to_q(places) @ self.to_k(places).transpose(1, 2) / x.shape[1] ** 0.5
        read = self.to_out[0](scores.softmax(-1) @ self.to_v(places))
        found: Tensor = x + read.transpose(1, 2).reshape(x.shape)
        return found


class Middle(nn.Module):
    """Residual, attention, residual, at the smallest size."""

    def __init__(self, channels: int, groups: int, attention: bool) -> None:
        super().__init__()
        attentions = [Attention(channels, groups)] if attention else []
        self.attentions = nn.ModuleList(attentions)
        self.resnets = nn.ModuleList(Residual(channels, channels, groups) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """As wide and high as before."""
        x = self.resnets[0](x)
        for attention in self.attentions:
            x = attention(x)
        found: Tensor = self.resnets[1](x)
        return found


class Halve(nn.Module):
    """A convolution of stride 2, the image padded on the right and below."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Half as wide and high."""
        found: Tensor = self.conv(F.pad(x, (0, 1, 0, 1)))
        return found


class Double(nn.Module):
    """Every pixel twice each way, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Twice as wide and high."""
        found: Tensor = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return found


class Block(nn.Module):
    """Residuals, then the change of size where there is one, kept as `resizers`."""

    def __init__(
        self,
        before: int,
        after: int,
        count: int,
        groups: int,
        resizers: str,
        resize: nn.Module | None,
    ) -> None:
        super().__init__()
        channels = [before] + [after] * count
        self.resnets = nn.ModuleList(
            Residual(*pair, groups) for pair in itertools.pairwise(channels)
        )
        if resize is not None:
            setattr(self, resizers, nn.ModuleList([resize]))
        self.resizers = resizers

    def forward(self, x: Tensor) -> Tensor:
        """Through all of them."""
        for part in (*self.resnets, *getattr(self, self.resizers, ())):
            x = part(x)
        return x


class Encoder(nn.Module):
    """Images (B, C, H, W) to mean and log-variance, one after the other in the channels."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        blocks, groups = sizes.blocks, sizes.groups
        self.conv_in = nn.Conv2d(sizes.image, blocks[0], 3, padding=1)
        self.down_blocks = nn.ModuleList()
        for at, (before, after) in enumerate(zip((blocks[0], *blocks), blocks, strict=False)):
            halve = Halve(after) if at < len(blocks) - 1 else None
            self.down_blocks.append(
                Block(before, after, sizes.layers, groups, "downsamplers", halve)
            )
        self.mid_block = Middle(blocks[-1], groups, sizes.attention)
        self.conv_norm_out = nn.GroupNorm(groups, blocks[-1], EPSILON)
        self.conv_out = nn.Conv2d(blocks[-1], 2 * sizes.latent, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 2L, H/2ⁿ⁻¹, W/2ⁿ⁻¹)."""
        x = self.conv_in(x)
        for block in self.down_blocks:
            x = block(x)
        found: Tensor = self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))
        return found


class Decoder(nn.Module):
    """Latents (B, L, h, w) to images."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        blocks, groups = sizes.blocks[::-1], sizes.groups
        self.conv_in = nn.Conv2d(sizes.latent, blocks[0], 3, padding=1)
        self.mid_block = Middle(blocks[0], groups, sizes.attention)
        self.up_blocks = nn.ModuleList()
        for at, (before, after) in enumerate(zip((blocks[0], *blocks), blocks, strict=False)):
            double = Double(after) if at < len(blocks) - 1 else None
            self.up_blocks.append(
                Block(before, after, sizes.layers + 1, groups, "upsamplers", double)
            )
        self.conv_norm_out = nn.GroupNorm(groups, blocks[-1], EPSILON)
        self.conv_out = nn.Conv2d(blocks[-1], sizes.image, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """(B, C, h · 2ⁿ⁻¹, w · 2ⁿ⁻¹)."""
        x = self.mid_block(self.conv_in(z))
        for block in self.up_blocks:
            x = block(x)
        found: Tensor = self.conv_out(F.silu(self.conv_norm_out(x)))
        return found


class AutoencoderKl(nn.Module):
    """Both halves."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(sizes), Decoder(sizes)
        if sizes.quant:
            self.quant_conv = nn.Conv2d(2 * sizes.latent, 2 * sizes.latent, 1)
        if sizes.post_quant:
            self.post_quant_conv = nn.Conv2d(sizes.latent, sizes.latent, 1)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Images in [−1, 1] to mean and log-variance, (B, L, h, w) each."""
        moments = self.encoder(x)
        if hasattr(self, "quant_conv"):
            moments = self.quant_conv(moments)
        mean, log_variance = moments.chunk(2, 1)
        return mean, log_variance.clamp(-30, 20)

    def decode(self, z: Tensor) -> Tensor:
        """Latents (B, L, h, w) to images around [−1, 1]."""
        images: Tensor = self.decoder(
            self.post_quant_conv(z) if hasattr(self, "post_quant_conv") else z
        )
        return images
