"""What moves a model's weights: AdamW, or Muon for the matrices and AdamW for all others.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) replaces a matrix's averaged
gradient U S Vᵀ by U Vᵀ, so that a step moves all its directions by the same amount. It is meant for
the matrices between a network's layers; the first and the last layer, biases and gains stay with
AdamW.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from training.config import TrainConfig
from training.errors import ConfigError

AnyOptimizer = TypeVar("AnyOptimizer", bound=torch.optim.Optimizer)
MOMENTUM = 0.95  # of Muon, as in its reference


class Muon(torch.optim.Muon):
    """`torch.optim.Muon`, which takes matrices alone, for kernels of any shape.

    Its own parameters, and so its state, are the kernels as matrices; see `as_matrix`.
    """

    def __init__(self, kernels: Sequence[nn.Parameter], rate: float, weight_decay: float) -> None:
        self.kernels = kernels
        matrices = [nn.Parameter(as_matrix(kernel.detach())) for kernel in kernels]
        super().__init__(matrices, lr=rate, weight_decay=weight_decay, momentum=MOMENTUM)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Move every kernel that has a gradient."""
        (group,) = self.param_groups
        for kernel, matrix in zip(self.kernels, group["params"], strict=True):
            # Anew each time: what trains seeds together moves the kernels in memory.
            matrix.data = as_matrix(kernel.detach())
            matrix.grad = None if kernel.grad is None else as_matrix(kernel.grad)
        result = super().step(closure)
        for kernel, matrix in zip(self.kernels, group["params"], strict=True):
            if matrix.data_ptr() != kernel.data_ptr():  # a copy, not a view
                kernel.permute(0, 2, 3, 1).copy_(matrix.view(kernel.permute(0, 2, 3, 1).shape))
        return result


def as_matrix(kernel: Tensor) -> Tensor:
    """A kernel, or its gradient, as the matrix of a linear map.

    A convolution's (O, I, H, W) becomes (O, H W I), the map from a window to a pixel. A transposed
    convolution's has its inputs first: it becomes the matrix of the convolution of which it is the
    gradient. The order of the columns does not matter, for U Vᵀ permutes as its columns do; with
    this one the matrix of a channels-last kernel is a view.
    """
    if kernel.ndim == 4:
        kernel = kernel.permute(0, 2, 3, 1)
    return kernel.reshape(len(kernel), -1)


def inner_kernels(model: nn.Module) -> list[nn.Parameter]:
    """The kernels (O, I, …) of all layers but the first and the last of each of its networks."""
    kernels = []
    for network in model.children():
        of_layers = [one for one in network.parameters() if one.ndim > 1 and one.requires_grad]
        kernels += of_layers[1:-1]
    return kernels


class Descent:
    """The optimizers of one model, and which weights each of them moves at a step.

    Fields:
        adamw: moves all that Muon does not; before step `train.muon_from` that is all. Weight decay
            leaves alone what the model names as `undecayed`.
        muon: None under `train.optimizer = adamw`.

    Raises:
        ConfigError: if Muon is asked for and the model has no matrix for it.
    """

    def __init__(self, model: nn.Module, plan: TrainConfig, device: torch.device) -> None:
        self.muon_from = plan.muon_from
        self.muon: Muon | None = None
        parameters = list(model.parameters())
        if plan.optimizer == "muon":
            kernels = inner_kernels(model)
            if not kernels:
                raise ConfigError(
                    "train.optimizer is muon, but between the first and the last layers of this "
                    "model there is no matrix for it; give model.hidden more layers, or take adamw."
                )
            self.muon = begun(Muon(kernels, plan.muon_rate, plan.weight_decay))
            if plan.muon_from == 0:
                taken = {id(kernel) for kernel in kernels}
                parameters = [one for one in parameters if id(one) not in taken]
        free = {id(one) for one in getattr(model, "undecayed", ())}
        groups: list[dict[str, Any]] = [{"params": [p for p in parameters if id(p) not in free]}]
        if free:
            left = [one for one in parameters if id(one) in free]
            groups.append({"params": left, "weight_decay": 0.0})
        self.adamw = begun(
            torch.optim.AdamW(
                groups,
                lr=plan.learning_rate,
                weight_decay=plan.weight_decay,
                fused=device.type != "mps",
            )
        )
        self._rates: list[tuple[torch.optim.Optimizer, float]] = [(self.adamw, plan.learning_rate)]
        self._rates += [] if self.muon is None else [(self.muon, plan.muon_rate)]

    def set_rates(self, factor: float) -> None:
        """Let the next step be taken at this share of the configured rates."""
        for optimizer, rate in self._rates:
            for group in optimizer.param_groups:
                if isinstance(group["lr"], Tensor):  # a captured step reads it where it is
                    group["lr"].fill_(rate * factor)
                else:
                    group["lr"] = rate * factor

    def step(self, step: int) -> None:
        """Move the weights by their gradients, at this step of the run."""
        if self.muon is not None and step >= self.muon_from:
            self.muon.step()
            for kernel in self.muon.kernels:
                kernel.grad = None  # AdamW passes over what has no gradient
        self.adamw.step()


def rate_factor(plan: TrainConfig, step: int) -> float:
    """The share of the learning rates at this step.

    It rises in a straight line over the first `warmup` steps, and is constant or falls in a half
    cosine from 1 to 0 over the whole run.
    """
    risen = min(1.0, (step + 1) / plan.warmup) if plan.warmup else 1.0
    if plan.schedule == "constant":
        return risen
    return risen * 0.5 * (1 + math.cos(math.pi * step / plan.steps))


def descend(optimizer: torch.optim.Optimizer, loss: Tensor, rate: float) -> None:
    """Move what the optimizer moves down the loss, at this rate; nothing else gets a gradient."""
    descend_along(optimizer, gradients_of(optimizer, loss), rate)


def gradients_of(
    optimizer: torch.optim.Optimizer, loss: Tensor, keep: bool = False
) -> tuple[Tensor | None, ...]:
    """The gradients of a loss, of all that the optimizer moves.

    Args:
        keep: what the loss was computed from, for the gradients of another loss.
    """
    return torch.autograd.grad(loss, _moved(optimizer), allow_unused=True, retain_graph=keep)


def descend_along(
    optimizer: torch.optim.Optimizer, gradients: Sequence[Tensor | None], rate: float
) -> None:
    """Move what the optimizer moves along gradients that were taken before, at this rate."""
    for parameter, gradient in zip(_moved(optimizer), gradients, strict=True):
        parameter.grad = gradient
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()


def _moved(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [one for group in optimizer.param_groups for one in group["params"]]


def begun(optimizer: AnyOptimizer) -> AnyOptimizer:
    """The optimizer with the state that its first step would give it before it moves anything.

    So a run that is saved holds the same tensors at every step, whether an optimizer's turn has
    come or not.
    """
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            if not parameter.requires_grad:
                continue
            state = optimizer.state[parameter]
            if isinstance(optimizer, torch.optim.Muon):
                state["momentum_buffer"] = torch.zeros_like(parameter)
                continue
            counter = parameter.device if group["fused"] else None
            state["step"] = torch.zeros((), dtype=torch.float32, device=counter)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
    return optimizer
