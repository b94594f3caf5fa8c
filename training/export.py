"""Decoder and encoder to ONNX for the browser, each checked against PyTorch before it is kept."""

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from training.contract.card import DECODER, ENCODER
from training.contract.files import write_bytes
from training.errors import CheckpointError
from training.loop import stop_signals
from training.models import VAE

TOLERANCE = 1e-4


class _Decoder(nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor) -> Tensor:
        mean: Tensor = self.model.decode(z).mean
        return mean


class _Encoder(nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        posterior = self.model.encode(x)
        return posterior.mean, posterior.log_variance


def export(model: VAE, image_shape: tuple[int, ...], folder: Path) -> float:
    """Write decoder.onnx (`z` -> `mean`) and encoder.onnx (`x` -> `mean`, `log_variance`).

    Returns:
        The largest absolute difference from PyTorch, over batches of 1 and 7.

    Raises:
        CheckpointError: if it exceeds 1e-4; the files that were there before are kept.
    """
    codes, images = torch.randn(7, model.latents), torch.rand(7, *image_shape)
    jobs = [
        (DECODER, _Decoder(model), codes, "z", ["mean"]),
        (ENCODER, _Encoder(model), images, "x", ["mean", "log_variance"]),
    ]
    contents, worst = {}, 0.0
    for name, module, example, input_name, outputs in jobs:
        contents[name] = to_onnx(module.cpu().eval(), (example,), [input_name], outputs)
        session = onnxruntime.InferenceSession(contents[name], providers=["CPUExecutionProvider"])
        for batch in (example[:1], example):
            with torch.no_grad():
                expected = module(batch)
            expected = expected if isinstance(expected, tuple) else (expected,)
            for ours, theirs in zip(
                session.run(outputs, {input_name: batch.numpy()}), expected, strict=True
            ):
                difference = float(np.abs(np.asarray(ours) - theirs.numpy()).max())
                if not difference <= TOLERANCE:
                    raise CheckpointError(
                        f"{name} differs from PyTorch by {difference:.1e}, more than {TOLERANCE}; "
                        "it was not written."
                    )
                worst = max(worst, difference)
    for name, content in contents.items():
        write_bytes(folder / name, content)
    return worst


def to_onnx(
    module: nn.Module,
    examples: tuple[Tensor, ...],
    inputs: list[str] | None = None,
    outputs: list[str] | None = None,
) -> bytes:
    """The module as ONNX, for batches of any size."""
    noisy = logging.getLogger("torch.onnx")
    level = noisy.level
    noisy.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter warns of its own internals
            with stop_signals() as stopped:  # inside, Ctrl-C would surface as some other error
                program = torch.onnx.export(
                    module,
                    examples,
                    dynamo=True,
                    verbose=False,
                    input_names=inputs,
                    output_names=outputs,
                    dynamic_shapes=tuple({0: torch.export.Dim("batch")} for _ in examples),
                )
    finally:
        noisy.setLevel(level)
    if stopped:
        raise KeyboardInterrupt
    assert program is not None
    content: bytes = program.model_proto.SerializeToString()
    return content
