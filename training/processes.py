"""Several processes that train one model, on one machine or many: Lightning Fabric and torchrun.

Every process draws the whole batch and its noise, from the same seed, and takes its share of both;
gradients and reports are averaged. So the result is one process's, but for the rounding of sums.
All validate, the first alone writes.
"""

import os
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from training import build
from training.config import RunConfig
from training.errors import ConfigError
from training.objective_config import BetaVAEConfig, GECOConfig, IWAEConfig

# Their losses are means over images; others depend on which images share a batch.
DIVISIBLE = (BetaVAEConfig, GECOConfig, IWAEConfig)


class Processes(Protocol):
    """What the training loop asks of those that train one model with it."""

    @property
    def first(self) -> bool:
        """Whether this process writes for all."""
        ...

    @property
    def note(self) -> str:
        """What the record says of them, beside the hardware."""
        ...

    def wrap(self, loss: nn.Module) -> nn.Module:
        """The same loss; after `backward`, its gradients are the means over all processes."""
        ...

    def share(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """This process's part of the images (B, C, H, W) and of their noise (S B, D)."""
        ...

    def mean(self, parts: Tensor) -> Tensor:
        """The means of `parts`, (R,), over all processes."""
        ...

    def together(self, step: int) -> bool:
        """Whether all of them stand at this step."""
        ...

    def agree(self, stop: bool) -> bool:
        """Whether any of them is to stop."""
        ...


class Alone:
    """One process, which shares nothing and asks nobody."""

    first = True
    note = ""

    def wrap(self, loss: nn.Module) -> nn.Module:
        """The loss."""
        return loss

    def share(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """All of both."""
        return x, noise

    def mean(self, parts: Tensor) -> Tensor:
        """The parts."""
        return parts

    def together(self, step: int) -> bool:
        """One always does."""
        return True

    def agree(self, stop: bool) -> bool:
        """What it was asked."""
        return stop


class Torchrun:
    """The processes that torchrun has started; the constructor waits for all of them.

    Raises:
        ConfigError: if they cannot share this run, or the device is not there for each of them.
    """

    def __init__(self, config: RunConfig, device: str) -> None:
        here, self.count = (int(os.environ[f"{name}WORLD_SIZE"]) for name in ("LOCAL_", ""))
        check(config, self.count)
        kind = build.device(device).type
        if device == "mps":
            raise ConfigError("--device mps: torchrun needs CUDA devices or CPUs.")
        if kind == "cuda" and here > torch.cuda.device_count():
            raise ConfigError(
                f"torchrun started {here} processes, but there are {torch.cuda.device_count()} "
                "CUDA devices here; give --nproc-per-node as many, or --device cpu."
            )
        try:
            from lightning_fabric import Fabric
        except ImportError as error:
            raise ConfigError(
                "Training under torchrun needs Lightning Fabric; "
                "run `pip install -e '.[distributed]'`."
            ) from error
        self._fabric = Fabric(
            accelerator="cuda" if kind == "cuda" else "cpu",
            strategy="ddp",
            devices=here,
            num_nodes=self.count // here,
        )
        self._fabric.launch()
        self.device = self._fabric.device
        self.first = is_first()
        self.note = f"{self.count} processes"

    def wrap(self, loss: nn.Module) -> nn.Module:
        """See `Processes`."""
        return self._fabric.setup_module(loss)

    def share(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """See `Processes`."""
        return share(x, noise, self._fabric.global_rank, self.count)

    def mean(self, parts: Tensor) -> Tensor:
        """See `Processes`."""
        return cast(Tensor, self._fabric.all_reduce(parts))

    def together(self, step: int) -> bool:
        """See `Processes`."""
        steps = cast(Tensor, self._fabric.all_gather(torch.tensor(step, device=self.device)))
        return bool((steps == step).all())

    def agree(self, stop: bool) -> bool:
        """See `Processes`."""
        return bool(self.mean(torch.tensor(float(stop), device=self.device)) > 0)

    def close(self) -> None:
        """Part from the others."""
        torch.distributed.destroy_process_group()


def several() -> bool:
    """Whether torchrun has started this process."""
    return torch.distributed.is_available() and torch.distributed.is_torchelastic_launched()


def is_first() -> bool:
    """Whether this process writes for all: the only one, or torchrun's first."""
    return not several() or os.environ["RANK"] == "0"


def check(config: RunConfig, count: int) -> None:
    """Refuse what so many processes cannot share."""
    if not isinstance(config.objective, DIVISIBLE):
        raise ConfigError(
            f"The objective {config.objective.name} looks at a batch as a whole, which processes "
            "cannot share; train it without torchrun."
        )
    if config.train.batch_size % count:
        raise ConfigError(
            f"train.batch_size is {config.train.batch_size}, which {count} processes cannot share "
            "equally."
        )


def share(x: Tensor, noise: Tensor, rank: int, count: int) -> tuple[Tensor, Tensor]:
    """Process `rank`'s part, one of `count`, of images (B, C, H, W) and noise (S B, D)."""
    of_samples = noise.view(len(noise) // len(x), len(x), -1)  # (S, B, D)
    return x.chunk(count)[rank], of_samples.chunk(count, 1)[rank].flatten(0, 1)
