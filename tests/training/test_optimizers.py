"""The optimizers: Muon against the singular value decomposition, AdamW against torch's own."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.checkpoints.checkpoint import read_tensors
from training.config import RunConfig, TrainConfig
from training.contract.absence import RESUME
from training.datasets import Dataset
from training.errors import ConfigError
from training.families.family import Form
from training.models.transposed_convolution import TransposedConvolution
from training.trainer import loop
from training.trainer.optimizers import Descent, Muon, inner_kernels, rate_factor

Tiny = Callable[..., RunConfig]
CPU = torch.device("cpu")
STEPS = 37  # of `tiny`
LAYERS = {
    "dense": lambda: nn.Linear(48, 20),
    "convolution": lambda: nn.Conv2d(6, 8, kernel_size=4, stride=2, padding=1),
    "patches": lambda: nn.Conv2d(1, 24, kernel_size=4, stride=4),
    "transposed": lambda: TransposedConvolution(8, 6),
}


@pytest.mark.parametrize("memory", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("kind", LAYERS)
def test_a_step_is_the_orthogonalised_gradient(kind: str, memory: torch.memory_format) -> None:
    """W − rate U Vᵀ, with the gradient U S Vᵀ of a map from windows of the image to outputs.

    Five iterations leave the singular values of U Vᵀ between about 0.7 and 1.2 instead of at 1, and
    its singular vectors where they are (Jordan et al. 2024).
    """
    torch.manual_seed(0)
    layer = LAYERS[kind]().to(memory_format=memory)
    kernel = layer.weight
    before = kernel.detach().clone()
    gradient = torch.randn_like(kernel)
    kernel.grad = gradient.clone()
    Muon([kernel], rate=0.5, weight_decay=0.0).step()

    rows = len(kernel)  # outputs; of a transposed convolution inputs
    expected = gradient.reshape(rows, -1).double()  # whichever the order of its columns
    u, _, vh = torch.linalg.svd(expected, full_matrices=False)
    ratio = max(1, rows / expected.shape[1]) ** 0.5  # Muon's own, for tall matrices
    step = (before - kernel.detach()).reshape(rows, -1).double() / (0.5 * ratio)
    in_its_axes = u.T @ step @ vh.T
    assert (in_its_axes.diagonal() > 0.6).all()
    assert (in_its_axes.diagonal() < 1.3).all()
    off_diagonal = in_its_axes - in_its_axes.diagonal().diag()
    assert off_diagonal.norm() < 0.05 * in_its_axes.norm()  # bfloat16's rounding
    assert (step - u @ vh).norm() < 0.3 * (u @ vh).norm()


def test_a_transposed_convolution_moves_as_the_convolution_of_which_it_is_the_gradient() -> None:
    torch.manual_seed(0)
    transposed = TransposedConvolution(8, 6).to(memory_format=torch.channels_last)
    plain = nn.Conv2d(6, 8, kernel_size=4, stride=2, padding=1, bias=False)
    plain = plain.to(memory_format=torch.channels_last)
    plain.load_state_dict({"weight": transposed.weight})
    x, y = torch.randn(2, 6, 8, 8), torch.randn(2, 8, 4, 4)
    optimizers = [Muon([one.weight], 0.1, 0.01) for one in (transposed, plain)]
    for _ in range(3):
        for one, optimizer in zip((transposed, plain), optimizers, strict=True):
            one.zero_grad()
            # ⟨y, K x⟩ = ⟨Kᵀ y, x⟩ has the same gradient with respect to K, however it is computed.
            product = plain(x) * y if one is plain else (transposed(y) - bias(transposed)) * x
            product.sum().backward()
            optimizer.step()
    torch.testing.assert_close(transposed.weight, plain.weight, rtol=1e-2, atol=1e-3)


def bias(layer: nn.ConvTranspose2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias.view(-1, 1, 1)


def test_outer_layers_biases_and_gains_stay_with_adamw(tiny: Tiny) -> None:
    config = tiny(**{"train.optimizer": "muon", "model.likelihood": "gaussian_learned"})
    model = config.model.network(Form((1, 28, 28)))
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    inner = {names[id(kernel)] for kernel in inner_kernels(model)}
    assert inner == {
        *("encoder.2.weight", "encoder.5.weight"),  # the second convolution, the dense layer
        *("decoder.2.weight", "decoder.5.weight"),
    }
    descent = Descent(model, config.train, CPU)
    by_adamw = [names[id(one)] for group in descent.adamw.param_groups for one in group["params"]]
    assert sorted([*by_adamw, *inner]) == sorted(names.values())


def test_muon_takes_the_matrices_over(tiny: Tiny) -> None:
    """Until then all is AdamW's; from then on both move, each by its own rate."""
    config = tiny(**{"train.optimizer": "muon", "train.muon_from": "2", "train.muon_rate": "0.5"})
    model, twin = (config.model.network(Form((1, 28, 28))) for _ in range(2))
    twin.load_state_dict(model.state_dict())
    plain = torch.optim.AdamW(twin.parameters(), lr=1e-3, weight_decay=0, fused=True)
    descent = Descent(model, config.train, CPU)
    inner = {id(kernel) for kernel in inner_kernels(model)}
    for step in range(3):
        pairs = list(zip(model.parameters(), twin.parameters(), strict=True))
        for ours, theirs in pairs:
            ours.grad = torch.randn_like(ours)
            theirs.grad = ours.grad.clone()
        before = [ours.detach().clone() for ours, _ in pairs]
        descent.set_rates(1.0)
        descent.step(step)
        plain.step()
        for (ours, theirs), old in zip(pairs, before, strict=True):
            if step < 2 or id(ours) not in inner:
                assert torch.equal(ours, theirs)
            else:
                rank = min(len(old), old[0].numel())
                tall = max(1, len(old) / old[0].numel()) ** 0.5
                size = (ours - old).norm().item() / (0.5 * tall * rank**0.5)
                assert size == pytest.approx(1, abs=0.3)


def test_adamw_is_torchs_bit_for_bit(tiny: Tiny, digits: Dataset, tmp_path: Path) -> None:
    """A run beside the loop that one would write first, over the same batches and noise."""
    config = tiny(**{"train.weight_decay": "0.05", "train.steps": "30"})
    loop.train(config, digits, tmp_path, CPU)
    torch.manual_seed(config.seed)
    model = config.model.network(Form(digits.shape)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
    folder = tmp_path / "batches"
    folder.mkdir()
    drawn = loop.begin(config, digits, folder, CPU)
    for step in range(30):
        x = drawn.draw(digits.splits["train"]).x
        noise = torch.empty(len(x), 3).normal_(generator=drawn.generator)
        drawn.progress.step += 1
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * 0.5 * (1 + math.cos(math.pi * step / 30))
        posterior = model.encode(x)
        logits = model.decoder(posterior.mean + (0.5 * posterior.log_variance).exp() * noise)
        costs = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
        loss = (costs + posterior.kl_to_prior().sum(1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    tensors, _ = read_tensors(tmp_path / RESUME)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensors[f"model.{name}"], tensor), name


def test_rates_rise_and_fall() -> None:
    cosine, constant = (TrainConfig(STEPS, schedule=name) for name in ("cosine", "constant"))
    factors = [rate_factor(cosine, step) for step in (0, STEPS / 3, STEPS / 2, STEPS)]
    assert factors == pytest.approx([1, 0.75, 0.5, 0], abs=1e-12)
    assert {rate_factor(constant, step) for step in range(STEPS)} == {1}
    warm = TrainConfig(STEPS, schedule="constant", warmup=4)
    assert [rate_factor(warm, step) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    warm = TrainConfig(STEPS, schedule="cosine", warmup=4)
    assert rate_factor(warm, 1) == rate_factor(cosine, 1) / 2
    assert rate_factor(warm, 20) == rate_factor(cosine, 20)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"muon_from": "5"}, "train.muon_from is 5, but train.optimizer is adamw, which has no"),
        ({"muon_rate": "0.1"}, "train.muon_rate is 0.1, but train.optimizer is adamw, which has"),
        (
            {"optimizer": "muon", "muon_rate": "0"},
            "train.muon_rate is 0.0; expected a finite number greater than 0",
        ),
        (
            {"optimizer": "muon", "muon_from": "-1"},
            "train.muon_from is -1; expected a whole number of at least 0",
        ),
        ({"optimizer": "muon", "muon_from": "38"}, "train.muon_from is 38, but the run has only"),
        ({"warmup": "-1"}, "train.warmup is -1; expected a whole number of at least 0"),
        ({"warmup": "38"}, "train.warmup is 38, but the run has only 37 steps"),
        ({"optimizer": "sgd"}, "train.optimizer is 'sgd'; choose one of adamw, muon"),
    ],
    ids=str,
)
def test_what_an_optimizer_cannot_be_told(
    changes: dict[str, str], message: str, tiny: Tiny
) -> None:
    with pytest.raises(ConfigError, match=message):
        tiny(**{f"train.{name}": value for name, value in changes.items()})


def test_a_model_without_inner_matrices_is_refused(
    tiny: Tiny, digits: Dataset, tmp_path: Path
) -> None:
    config = tiny(**{"train.optimizer": "muon", "model.name": "mlp_vae", "model.channels": ""})
    with pytest.raises(ConfigError, match="there is no matrix for it"):
        loop.train(config, digits, tmp_path, CPU)
    assert list(tmp_path.iterdir()) == []
