"""The quantized autoencoder: its codes, its gradients, and its loss by hand."""

import math

import msgspec
import pytest
import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.contract.spaces import Continuous
from training.distributions import Bernoulli
from training.errors import ConfigError
from training.families.family import Form
from training.families.qlae import QLAE
from training.models.quantized import Quantizer
from training.models.styled import Layer
from training.objectives.factor_vae import JOINT, discriminator
from training.objectives.latent_quantization import FactorQuantization, LatentQuantization
from training.trainer.optimizers import Descent


class Levels:
    """Gives the first two pixels as they are; decodes a code as the logit of every pixel."""

    def __init__(self) -> None:
        self.quantizer = Quantizer(2, 3)  # −1/2, 0, 1/2

    def continuous(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, :2]

    def encode(self, x: Tensor) -> Tensor:
        codes: Tensor = self.quantizer(self.continuous(x))
        return codes

    def decode(self, z: Tensor) -> Bernoulli:
        return Bernoulli(z.sum(1)[:, None, None, None].expand(-1, 1, 1, 4))


X = torch.tensor([[[[0.2, 0.9, 1.0, 0.0]]], [[[-0.3, 0.3, 1.0, 1.0]]]])
CODES = [[0.0, 0.5], [-0.5, 0.5]]


def test_a_number_becomes_the_nearest_value_of_its_own_codebook() -> None:
    quantizer = Quantizer(2, 3)
    with torch.no_grad():
        quantizer.values[1] = torch.tensor([3.0, -1, 1])
    given = torch.tensor([[0.26, 0.1], [-9, 1.9], [0.24, 2.1], [0.1, -7]])
    expected = [[0.5, 1], [-0.5, 1], [0, 3], [0, -1]]
    assert quantizer(given).tolist() == expected
    assert quantizer.levels() == ((-0.5, 0, 0.5), (-1, 1, 3))


def test_the_loss_by_hand() -> None:
    model = Levels()
    assert model.encode(X).tolist() == CODES
    loss, parts = LatentQuantization(0.1, 0.3)(model, Batch(X), 0, torch.Generator())
    logits = [sum(code) for code in CODES]
    nats = [
        sum(math.log(1 + math.exp(logit)) - x * logit for x in image.flatten().tolist())
        for logit, image in zip(logits, X, strict=True)
    ]
    apart = (0.2**2 + 0.4**2 + 0.2**2 + 0.2**2) / 2  # of what the encoder gives and its codes
    assert parts["reconstruction_nats"].item() == pytest.approx(sum(nats) / 2, rel=1e-5)
    assert parts["quantization"].item() == pytest.approx(apart, rel=1e-5)
    # Four pixels and two latents: the paper's means weigh twice.
    assert loss.item() == pytest.approx(sum(nats) / 2 + 2 * 0.4 * apart, rel=1e-5)


def test_gradients_go_straight_through_and_the_values_follow_the_encoder() -> None:
    model, x = Levels(), X.clone().requires_grad_()
    LatentQuantization(0, 0)(model, Batch(x), 0, torch.Generator())[0].backward()
    assert model.quantizer.values.grad is not None
    assert (model.quantizer.values.grad == 0).all()  # the decoder's loss moves the encoder alone
    slope = [
        sum(1 / (1 + math.exp(-sum(code))) - pixel for pixel in image.flatten().tolist()) / 2
        for code, image in zip(CODES, X, strict=True)
    ]
    assert x.grad is not None
    through = x.grad.flatten(1)[:, 0] + torch.tensor([sum(code) for code in CODES]) / 2
    assert through.tolist() == pytest.approx(slope, rel=1e-4)
    model = Levels()
    LatentQuantization(0.5, 0)(model, Batch(X), 0, torch.Generator())[0].backward()
    assert model.quantizer.values.grad is not None
    # λ P/D · 2 (z − c) / 2 images is z − c, at the value that each number became.
    assert model.quantizer.values.grad.flatten().tolist() == pytest.approx(
        [-0.5 + 0.3, 0 - 0.2, 0, 0, 0, 0.5 - 0.9 + 0.5 - 0.3],
        rel=1e-4,
    )


def test_total_correlation_is_added_as_the_discriminator_sees_it() -> None:
    part, adam = discriminator(2, 1, 4, 1e-3, torch.device("cpu"))
    last = part[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.zero_()
        last.bias[JOINT] = 0.7
    plain = LatentQuantization(0.1, 0.3)
    without = plain(Levels(), Batch(X), 0, torch.Generator())[0].item()
    loss, parts = FactorQuantization(plain, 5, part, adam)(Levels(), Batch(X), 0, torch.Generator())
    assert parts["total_correlation_nats"].item() == pytest.approx(0.7)
    assert loss.item() == pytest.approx(without + 5 * 0.7)


def test_the_discriminator_learns_that_codes_move_together() -> None:
    torch.manual_seed(0)
    part, adam = discriminator(2, 2, 32, 5e-3, torch.device("cpu"))
    loss, model = FactorQuantization(LatentQuantization(0, 0), 1, part, adam), Levels()
    generator = torch.Generator().manual_seed(0)
    for _ in range(150):
        c = torch.randint(3, (64, 1), generator=generator) / 2 - 0.5
        x = c.expand(-1, 4)[:, None, None]  # both latents are one: TC is ln 3
        loss.learn(model, Batch(x), {}, 0, generator)
    found = loss(model, Batch(x), 0, generator)[1]["total_correlation_nats"].item()
    assert found == pytest.approx(math.log(3), abs=0.2)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ([[0, 1]], "has 1 lists; it takes 2"),
        ([[0, 1], [1, 1]], r"levels\[1\] does not rise"),
        ([[0, 1], [2, 3, 4]], "levels are not as many"),
    ],
)
def test_levels_that_no_control_can_have(levels: list[list[float]], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(
            {"kind": "continuous", "name": "z", "size": 2, "prior": None, "levels": levels},
            Continuous,
        )


def test_a_patch_needs_a_network_that_reads_patches() -> None:
    with pytest.raises(ConfigError, match="reads no patches"):
        QLAE(patch=4)
    QLAE(3, name="patch", patch=4, channels=(4, 4), hidden=(8,)).network(Form((1, 16, 16)))


STYLED = QLAE(3, name="styled", patch=4, channels=(4, 6), hidden=(8,), levels=4)


def test_a_style_sets_the_mean_and_the_deviation_of_every_channel() -> None:
    torch.manual_seed(0)
    layer = Layer(nn.Conv2d(2, 3, 3, padding=1), 3, style=2, activation="silu")
    with torch.no_grad():
        layer.style.weight.copy_(torch.tensor([[1.0, 0]] * 3 + [[0.0, 1]] * 3))
    style = torch.tensor([[1.0, 5.0], [3.0, -2.0]])
    y = layer(torch.randn(2, 2, 8, 8), style)
    expected_scale, expected_shift = 1 + style[:, :1], style[:, 1:]
    torch.testing.assert_close(y.mean((2, 3)), expected_shift.expand(-1, 3), atol=1e-4, rtol=0)
    deviation = y.std((2, 3), unbiased=False)
    torch.testing.assert_close(deviation, expected_scale.expand(-1, 3), atol=1e-2, rtol=0)


def test_an_image_without_a_style_is_the_same_for_every_code() -> None:
    torch.manual_seed(0)
    model = STYLED.network(Form((3, 16, 16)))
    decoder = model.get_submodule("decoder")
    z = torch.randn(2, 3)
    assert decoder(z).shape == (2, 3, 16, 16)
    assert not torch.allclose(*decoder(z))
    for name, parameter in decoder.named_parameters():
        if "layers" in name and "style.weight" in name:
            torch.nn.init.zeros_(parameter)
    torch.testing.assert_close(*decoder(z))


def test_images_that_cannot_be_cut_are_refused() -> None:
    with pytest.raises(ConfigError, match="4×4 patches and then halved 1 times"):
        STYLED.network(Form((1, 20, 20)))


def test_weight_decay_leaves_the_values_of_codes_and_biases_alone() -> None:
    torch.manual_seed(0)
    model = STYLED.network(Form((1, 16, 16)))
    before = {name: one.detach().clone() for name, one in model.named_parameters()}
    plan = TrainConfig(9, learning_rate=0.1, weight_decay=5, schedule="constant")
    descent = Descent(model, plan, torch.device("cpu"))
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    descent.step(0)
    for name, one in model.named_parameters():
        kept = 1.0 if name.endswith("bias") or name == "quantizer.values" else 0.5
        torch.testing.assert_close(one.detach(), kept * before[name])
