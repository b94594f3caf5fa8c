"""A model that is being trained, as files that a page can open."""

import io
import json
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from training.batch import Batch
from training.config import RunConfig, to_json
from training.contract.card import DECODER
from training.contract.files import write_bytes
from training.datasets import Dataset
from training.families.family import Form
from training.trainer.loop import Run

SEEN = 600  # validation images that are followed through the latent space


class Snapshots:
    """The decoder of a run, as ONNX: traced once, its weights then filled in, which takes no time.

    It has a copy of the model: tracing and encoding leave the run as it is, bit for bit.
    """

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        self.family, self.dataset = config.model, dataset
        self.model = self.family.network(dataset.form).eval()
        graphs = self.family.graphs(self.model, dataset.form)
        (self.decoder,) = [one for one in graphs if one.graph.file == DECODER]
        self.proto = self._traced()
        # What the exporter has computed from weights, and so has no weight's name, is not filled.
        weights = self.decoder.module.state_dict()
        self.fills = all(
            tuple(tensor.dims) == tuple(weights[tensor.name].shape)
            if tensor.name in weights
            else tensor.data_type == onnx.TensorProto.INT64
            for tensor in self.proto.graph.initializer
        )

    def _traced(self) -> onnx.ModelProto:
        graph = self.decoder.graph
        inputs, outputs = ([port.name for port in some] for some in (graph.inputs, graph.outputs))
        return traced(self.decoder.module, self.decoder.examples, inputs, outputs)

    def as_onnx(self) -> bytes:
        """The decoder with the weights that the copy has now."""
        if not self.fills:
            self.proto = self._traced()
        weights = self.decoder.module.state_dict()
        for tensor in self.proto.graph.initializer:
            if self.fills and tensor.name in weights:
                filled = numpy_helper.from_array(weights[tensor.name].numpy(), tensor.name)
                tensor.CopyFrom(filled)
        content: bytes = self.proto.SerializeToString()
        return content

    @torch.no_grad()
    def write(self, run: Run, folder: Path, name: str) -> None:
        """Write NAME.onnx, the decoder as it is now, and NAME.json, what a page needs beside it."""
        self.model.load_state_dict(run.learner.modules["model"].state_dict())
        write_bytes(folder / f"{name}.onnx", self.as_onnx())
        form = self.dataset.form
        facts = {
            "step": run.progress.step,
            "graph": to_json(self.decoder.graph),
            "shape": form.image,
        }
        facts |= _seen(self.family, self.model, form, self.dataset)
        write_bytes(folder / f"{name}.json", json.dumps(facts).encode())


@torch.no_grad()
def _seen(family: Any, model: Any, form: Form, dataset: Dataset) -> dict[str, Any]:
    """The codes (N, D) of the first validation images, and what each latent has of them."""
    split = dataset.splits["validation"]
    indices = torch.arange(min(SEEN, len(split)))
    batch = Batch(split.images(indices), split.targets[indices])
    codes = family.encode(model, batch)
    if codes is None:
        return {}
    means = codes.value
    kl = None
    if codes.log_variance is not None:
        # Kingma & Welling 2014, Appendix B, for each latent by itself.
        log_variance = codes.log_variance
        kl = 0.5 * (log_variance.exp() + means**2 - 1 - log_variance).mean(0)
    targets = split.targets[indices]
    return {
        "codes": [[round(value, 3) for value in row] for row in means.tolist()],
        "kl": None if kl is None else [round(value, 4) for value in kl.tolist()],
        "mean": [round(value, 4) for value in means.mean(0).tolist()],
        "deviation": [round(value, 4) for value in means.std(0).tolist()],
        "targets": (targets if targets.ndim == 1 else targets[:, 0]).tolist(),
        "labels": list(dataset.labels) if dataset.labels else None,
    }


def traced(
    module: torch.nn.Module, examples: tuple[Tensor, ...], inputs: list[str], outputs: list[str]
) -> onnx.ModelProto:
    """The module as ONNX, for batches of any size, by TorchScript.

    PyTorch's newer exporter, which makes what is kept, takes five seconds to load and two for each
    model, and the first picture would wait for it; this one takes a fifth of a second.
    """
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends the newer one
        torch.onnx.export(
            module,
            examples,
            file,  # type: ignore[arg-type]  # a buffer will do
            dynamo=False,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in (*inputs, *outputs)},
            # Weights keep their names, by which they are filled in.
            do_constant_folding=False,
        )
    return onnx.load_from_string(file.getvalue())
