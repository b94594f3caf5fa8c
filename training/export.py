"""Decoder and encoder to ONNX for the browser, each checked against PyTorch before it is kept.

Weights are stored as `half_precision` stores them; the graphs compute in float32.
"""

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from training.contract.card import DECODER, ENCODER
from training.contract.files import write_bytes
from training.errors import CheckpointError
from training.half_precision import narrowed
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


def export(
    model: VAE,
    image_shape: tuple[int, ...],
    folder: Path,
    names: tuple[str, ...] = (DECODER, ENCODER),
) -> float:
    """Write decoder.onnx (`z` -> `mean`) and encoder.onnx (`x` -> `mean`, `log_variance`).

    Args:
        names: of those two, the files that are wanted.

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
        if name not in names:
            continue
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
    proto = program.model_proto
    _narrow(proto.graph)
    content: bytes = proto.SerializeToString()
    return content


def _narrow(graph: onnx.GraphProto) -> None:
    """Store weights in half precision where that holds them exactly.

    The graph casts them back; onnxruntime does so once, when it opens the file.
    """
    casts = []
    for tensor in graph.initializer:
        weights = torch.from_numpy(numpy_helper.to_array(tensor).copy())
        half = narrowed(weights)
        if half is weights:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half.numpy(), f"{name}.half"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
