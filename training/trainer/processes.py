"""Several processes that train one model, on one machine or many: Lightning Fabric and torchrun.

Every process draws the whole batch and its noise, from the same seed, and takes its share of both;
gradients and reports are averaged, and a loss that looks at the batch as a whole asks for the codes
of all. So the result is one process's, but for the rounding of sums.
All validate, the first alone writes.
"""

import os
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from training.batch import Sharing, Unshared
from training.config import RunConfig
from training.errors import ConfigError
from training.trainer import devices


class Processes(Sharing, Protocol):
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

    def share(
        self, x: Tensor, targets: Tensor | None, noise: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """This process's part of images (B, C, H, W), targets (B, …) and noise (S B, D)."""
        ...

    def mean(self, parts: Tensor) -> Tensor:
        """The means of `parts`, (R,), over all processes."""
        ...

    def at_same_step(self, step: int) -> bool:
        """Whether all of them stand at this step."""
        ...

    def agree(self, stop: bool) -> bool:
        """Whether any of them is to stop."""
        ...


class OneProcess(Unshared):
    """One process, which shares nothing."""

    first = True
    note = ""

    def wrap(self, loss: nn.Module) -> nn.Module:
        """The loss."""
        return loss

    def share(
        self, x: Tensor, targets: Tensor | None, noise: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """All of them."""
        return x, targets, noise

    def mean(self, parts: Tensor) -> Tensor:
        """The parts."""
        return parts

    def at_same_step(self, step: int) -> bool:
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
        kind = devices.device(device).type
        if device == "mps":
            raise ConfigError("--device mps: torchrun needs CUDA devices or CPUs.")
        if kind == "cuda" and here > torch.cuda.device_count():
            raise ConfigError(
                f"torchrun started {here} processes, but there are {torch.cuda.device_count()} "
                "CUDA devices here; give --nproc-per-node that number, or --device cpu."
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

    def share(
        self, x: Tensor, targets: Tensor | None, noise: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """See `Processes`."""
        of_samples = noise.view(len(noise) // len(x), len(x), -1).transpose(0, 1)  # (B, S, D)
        of_images = None if targets is None else self.own(targets)
        return self.own(x), of_images, self.own(of_samples).transpose(0, 1).flatten(0, 1)

    def whole(self, values: Tensor) -> Tensor:
        """See `Sharing`."""
        gathered: Tensor = _Gather.apply(values)
        return gathered

    def own(self, values: Tensor) -> Tensor:
        """See `Sharing`."""
        return values.chunk(self.count)[self._fabric.global_rank]

    def mean(self, parts: Tensor) -> Tensor:
        """See `Processes`."""
        return cast(Tensor, self._fabric.all_reduce(parts))

    def at_same_step(self, step: int) -> bool:
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
    """Refuse what this number of processes cannot share."""
    if config.train.batch_size % count:
        raise ConfigError(
            f"train.batch_size is {config.train.batch_size}, which {count} processes cannot share "
            "equally."
        )


class _Gather(torch.autograd.Function):
    """(B, …) of each process -> (R B, …), the same in all.

    The gradient of a share is the sum of what all processes' losses have to say of it, for each
    sees all shares; the mean over processes that follows makes it that of the mean loss.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        shares = [torch.empty_like(values) for _ in range(torch.distributed.get_world_size())]
        torch.distributed.all_gather(shares, values.contiguous())
        return torch.cat(shares)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        torch.distributed.all_reduce(total)
        return total.chunk(torch.distributed.get_world_size())[torch.distributed.get_rank()]
