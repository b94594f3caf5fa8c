"""Graphs to ONNX for the browser, each checked against PyTorch before it is kept.

Weights are stored as `half_precision` stores them; the graphs compute in float32.
"""

import logging
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

from training.checkpoints.half_precision import narrowed
from training.contract.card import DECODER, ENCODER, STEP
from training.contract.files import write_bytes
from training.contract.graphs import Graph, Graphs
from training.errors import CheckpointError
from training.trainer.terminal import stop_signals

TOLERANCE = 1e-4
EXAMPLES = 7


@dataclass(frozen=True)
class Traced:
    """What computes a graph, and inputs of it to trace and to check it with.

    Fields:
        module: takes the graph's inputs and returns its outputs, in the order of the ports.
        examples: seven of each input, (7, ...).
    """

    graph: Graph
    module: nn.Module
    examples: tuple[Tensor, ...]


class Computed(nn.Module):
    """What a function computes with a model, as a module that can be traced.

    Args:
        compute: takes the model and the inputs of the graph; returns its output or outputs.
    """

    def __init__(self, model: nn.Module, compute: Callable[..., Any]) -> None:
        super().__init__()
        self.model, self.compute = model, compute

    def forward(self, *inputs: Tensor) -> Any:
        """What the function returns."""
        return self.compute(self.model, *inputs)


def named(graphs: Iterable[Traced]) -> Graphs:
    """The graphs as a card lists them."""
    files = {DECODER: "decode", ENCODER: "encode", STEP: "step"}
    return Graphs(**{files[traced.graph.file]: traced.graph for traced in graphs})


def export_graphs(graphs: Iterable[Traced], folder: Path) -> float:
    """Write the ONNX file of each graph.

    Returns:
        The largest absolute difference from PyTorch, over batches of 1 and 7.

    Raises:
        CheckpointError: if it exceeds 1e-4; the files that were there before are kept.
    """
    contents, worst = {}, 0.0
    for traced in graphs:
        name, module = traced.graph.file, traced.module.cpu().eval()
        inputs = [port.name for port in traced.graph.inputs]
        outputs = [port.name for port in traced.graph.outputs]
        contents[name] = to_onnx(module, traced.examples, inputs, outputs)
        session = onnxruntime.InferenceSession(contents[name], providers=["CPUExecutionProvider"])
        for count in (1, EXAMPLES):
            batch = [example[:count] for example in traced.examples]
            with torch.no_grad():
                expected = module(*batch)
            expected = expected if isinstance(expected, tuple) else (expected,)
            feed = {place: part.numpy() for place, part in zip(inputs, batch, strict=True)}
            for ours, theirs in zip(session.run(outputs, feed), expected, strict=True):
                difference = _difference(np.asarray(ours), theirs.numpy())
                if not difference <= TOLERANCE:
                    raise CheckpointError(
                        f"{name} differs from PyTorch by {difference:.1e}, more than {TOLERANCE}; "
                        "it was not written."
                    )
                worst = max(worst, difference)
    for name, content in contents.items():
        write_bytes(folder / name, content)
    return worst


def _difference(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    return float(np.abs(ours.astype(np.float64) - theirs).max())


def to_onnx(
    module: nn.Module,
    examples: tuple[Tensor, ...],
    inputs: list[str] | None = None,
    outputs: list[str] | None = None,
) -> bytes:
    """The module as ONNX, for batches of any size; weights that allow it are narrowed."""
    shapes = tuple({0: torch.export.Dim("batch")} for _ in examples)
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
                    dynamic_shapes=(shapes,) if isinstance(module, Computed) else shapes,
                )
    finally:
        noisy.setLevel(level)
    if stopped:
        raise KeyboardInterrupt
    assert program is not None
    proto = program.model_proto
    _forget_origin(proto)
    _narrow(proto.graph)
    content: bytes = proto.SerializeToString()
    return content


def _forget_origin(proto: onnx.ModelProto) -> None:
    """Remove what the exporter notes of each part: lines and paths of the program that made it."""
    graph = proto.graph
    values = (*graph.value_info, *graph.input, *graph.output, *graph.initializer)
    for part in (proto, graph, *graph.node, *values):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


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
