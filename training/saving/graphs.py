"""Graphs that anybody made, as ONNX: opened, tried, and compared with the module they came from."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import compose, helper
from torch import Tensor, nn

from training.checkpoints.export import TOLERANCE, to_onnx
from training.contract.errors import CheckpointError
from training.trainer import memory

Network = nn.Module | str | Path
Array = NDArray[Any]
PREFIX = "network/"
LONGEST_S = 120.0  # that a graph may take: one with a loop may have no end


class Runnable:
    """A graph, its bytes, and the names of its inputs and outputs in their order."""

    def __init__(self, kind: str, content: bytes) -> None:
        try:
            self.session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no class in common
            raise CheckpointError(
                f"{kind}: onnxruntime cannot open this graph: {_line(error)}."
            ) from error
        self.kind, self.content = kind, content
        self.inputs = tuple(port.name for port in self.session.get_inputs())
        self.outputs = tuple(port.name for port in self.session.get_outputs())

    def run(self, *values: Array) -> list[Array]:
        """The outputs for these inputs, all finite.

        Raises:
            CheckpointError: if the graph does not take them, or gives NaN or infinity.
        """
        options, over = onnxruntime.RunOptions(), threading.Event()

        def end() -> None:
            over.set()
            options.terminate = True

        watch = threading.Timer(LONGEST_S, end)
        watch.start()
        try:
            found = self.session.run(None, dict(zip(self.inputs, values, strict=True)), options)
        except Exception as error:
            if over.is_set():
                raise CheckpointError(
                    f"{self.kind} was still at work after {LONGEST_S:.0f} s and was ended: it may "
                    "never come to an end."
                ) from error
            shapes = " and ".join(f"{value.dtype} {list(value.shape)}" for value in values)
            raise CheckpointError(
                f"{self.kind} does not take {shapes}, the first size being the batch's, which may "
                f"be any: {_line(error)}."
            ) from error
        finally:
            watch.cancel()
        for name, value in zip(self.outputs, found, strict=True):
            if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
                raise CheckpointError(f"{self.kind} gives {name!r:.60}, which is not of numbers.")
            if not np.isfinite(value).all():
                raise CheckpointError(f"{self.kind} gives NaN or infinity as {name!r:.60}.")
        return list(found)


def runnable(
    kind: str,
    network: Network,
    inputs: dict[str, Array],
    outputs: dict[int, list[str]],
) -> Runnable:
    """The network as a graph with these ports, tried on all the inputs and on the first alone.

    Args:
        inputs: by name, in the order in which the network takes them.
        outputs: their names, by how many the network gives.

    Raises:
        CheckpointError: if it has other ports, or differs from PyTorch by more than 1e-4.
    """
    values = tuple(inputs.values())
    if isinstance(network, nn.Module):
        network = network.cpu().eval()
        model = onnx.load_from_string(_traced(kind, network, values))
    else:
        model = _read(Path(network), kind)
    taken, given = len(model.graph.input), len(model.graph.output)
    if taken != len(inputs):
        raise CheckpointError(f"{kind} takes {taken} inputs; there are {len(inputs)} to give it.")
    if given not in outputs:
        counts = " or ".join(map(str, outputs))
        raise CheckpointError(f"{kind} gives {given} outputs; it should give {counts}.")
    graph = Runnable(kind, _named(model, list(inputs), outputs[given]))
    for batch in (values, tuple(value[:1] for value in values)):
        found = graph.run(*batch)
        if isinstance(network, nn.Module):
            _compare(kind, network, batch, found)
    return graph


def _traced(kind: str, network: nn.Module, values: tuple[Array, ...]) -> bytes:
    """The module as ONNX; it is run once before, for the exporter buries what a network raises."""
    tensors = tuple(map(torch.from_numpy, values))
    try:
        with torch.no_grad():
            given = network(*tensors)
    except Exception as error:  # a person's own network raises anything
        if memory.is_too_much(error):
            raise
        shapes = " and ".join(f"{value.dtype} {list(value.shape)}" for value in values)
        raise CheckpointError(
            f"{kind} fails on {shapes}, the first size being the batch's: {_line(error)}."
        ) from error
    if not all(isinstance(value, Tensor) for value in _listed(given)):
        raise CheckpointError(
            f"{kind} gives a {type(given).__name__} that is not of tensors alone; it should give a "
            "tensor, or a tuple of them."
        )
    try:
        return to_onnx(network, tensors)
    except Exception as error:
        if memory.is_too_much(error):
            raise
        raise CheckpointError(
            f"{kind} runs, but cannot be written as ONNX ({_line(error.__cause__ or error)}): its "
            "forward should name its arguments, take and give tensors alone, for a batch of any "
            "size, and compute with torch."
        ) from error


def _read(path: Path, kind: str) -> onnx.ModelProto:
    try:
        model = onnx.load(path)  # with its weights, where those lie in a file of their own
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf, onnx and the file system each have their own
        raise CheckpointError(
            f"{kind}: {path.name} is not a readable ONNX file: {_line(error)}."
        ) from error
    held = {tensor.name for tensor in model.graph.initializer}
    ports = [port for port in model.graph.input if port.name not in held]
    del model.graph.input[:]  # some exporters list the weights among the inputs
    model.graph.input.extend(ports)
    return model


def _named(model: onnx.ModelProto, inputs: list[str], outputs: list[str]) -> bytes:
    """The model with its ports named so; all else is called otherwise, so that nothing clashes."""
    model = compose.add_prefix(model, PREFIX)
    graph = model.graph
    before, after = [], []
    for port, name in zip(graph.input, inputs, strict=True):
        before.append(helper.make_node("Identity", [name], [port.name]))
        port.name = name
    for port, name in zip(graph.output, outputs, strict=True):
        after.append(helper.make_node("Identity", [port.name], [name]))
        port.name = name
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    return bytes(model.SerializeToString())


@torch.no_grad()
def _compare(kind: str, module: nn.Module, values: tuple[Array, ...], found: list[Array]) -> None:
    expected = _listed(module(*map(torch.from_numpy, values)))
    for ours, theirs in zip(found, expected, strict=True):
        difference = float(np.abs(ours - theirs.numpy()).max())
        if not difference <= TOLERANCE:
            raise CheckpointError(
                f"{kind}: the exported graph differs from PyTorch by {difference:.1e}, more than "
                f"{TOLERANCE}."
            )


def _listed(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, tuple | list) else (given,)


def _line(error: BaseException) -> str:
    text = str(error).encode("utf-8", "replace").decode() or type(error).__name__
    return " ".join(text.split())[:200].rstrip(".")
