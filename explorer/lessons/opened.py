"""A shipped checkpoint opened without a screen, to be measured: what the page opens, in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from PIL import Image

from training.contract.card import CODES, Card
from training.contract.errors import CheckpointError
from training.contract.files import read_card
from training.contract.graphs import Graph
from training.contract.outputs import Pixels

Floats = NDArray[np.float32]

BATCH = 512
# The engine's sigmoid stays within ±18; beyond this a mean says no more about its logit
# (`web/engine/likelihood.js` has the same).
EDGE = 2.0**-24


class Opened:
    """The networks, codes and test images of one folder, each read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card: Card = read_card(folder)

    @property
    def id(self) -> str:
        """The name of the folder, by which links and lessons name it."""
        return self.folder.name

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of its images: channels, height, width."""
        if not isinstance(self.card.output, Pixels):
            raise CheckpointError(f"{self.id} makes no images, so there is nothing to measure.")
        return self.card.output.shape

    @cached_property
    def codes(self) -> dict[str, NDArray[Any]]:
        """What codes.safetensors holds of the test images: mean (N, D), log_variance, label, …"""
        return dict(safetensors.numpy.load_file(self.folder / CODES))

    @cached_property
    def _sheets(self) -> list[NDArray[np.uint8]]:
        examples = self.card.examples
        if examples is None:
            raise CheckpointError(f"{self.id} has no test images to measure on.")
        mode = "L" if self.shape[0] == 1 else "RGB"
        sheets = []
        for name in examples.sheets:
            with Image.open(self.folder / name) as sheet:
                sheets.append(np.asarray(sheet.convert(mode)))
        return sheets

    def images(self, indices: Sequence[int] | range) -> Floats:
        """Test images (N, C·H·W) in [0, 1], from the thumbnails, which keep every grey level."""
        examples = self.card.examples
        sheets = self._sheets
        assert examples is not None
        channels, height, width = self.shape
        taken = np.empty((len(indices), channels * height * width), np.float32)
        for at, index in enumerate(indices):
            sheet, place = divmod(index, examples.per_sheet or examples.count)
            row, column = divmod(place, examples.columns)
            image = sheets[sheet][
                row * height : (row + 1) * height, column * width : (column + 1) * width
            ]
            planes = image[None] if channels == 1 else image.transpose(2, 0, 1)
            taken[at] = planes.reshape(-1) / np.float32(255)
        return taken

    @cached_property
    def _decoder(self) -> Any:
        return self._session(self._graph("decode"))

    @cached_property
    def _encoder(self) -> Any:
        return self._session(self._graph("encode"))

    def _graph(self, name: str) -> Graph:
        graph = self.card.graphs.named().get(name)
        if graph is None:
            raise CheckpointError(f"{self.id} has no graph to {name} with.")
        return graph

    def _session(self, graph: Graph) -> Any:
        import onnxruntime  # slow to import, and no page that opens first needs it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(
            str(self.folder / graph.file), options, providers=["CPUExecutionProvider"]
        )

    def log_likelihood(self, x: Floats, means: Floats) -> NDArray[np.float64]:
        """ln p(x|z) in nats, of images x and what the decoder gives, of the same shape (N, P).

        Raises:
            CheckpointError: if the decoder does not give the means of a Bernoulli likelihood.
        """
        self.check_bernoulli()
        return log_likelihood(x, means)

    def check_bernoulli(self) -> None:
        """Refuse a model whose images are not Bernoulli means: what is measured would be wrong."""
        output = self.card.output
        if not isinstance(output, Pixels) or output.likelihood != "bernoulli":
            raise CheckpointError(
                f"{self.id} has no Bernoulli likelihood, which every probe in nats needs."
            )

    @property
    def examples(self) -> int:
        """How many test images came with it."""
        return 0 if self.card.examples is None else self.card.examples.count

    def encode(self, x: Floats) -> Floats:
        """What its encoder gives first, means or points (N, D), of images (N, C·H·W)."""
        (port,) = self._graph("encode").inputs
        parts = np.split(x.reshape(-1, *self.shape), range(BATCH, len(x), BATCH))
        return np.concatenate([self._encoder.run(None, {port.name: some})[0] for some in parts])

    def decode(self, z: NDArray[Any] | None, **others: NDArray[Any]) -> Floats:
        """The decoder's images (N, C·H·W) of z (N, D), and of other controls where it has some.

        Where its only control is another, such as a grid of codes, z is None.

        Raises:
            CheckpointError: if the decoder takes a control that is not given.
        """
        given = others if z is None else {"z": z.astype(np.float32), **others}
        ports = self._graph("decode").inputs
        for port in ports:
            if str(port.control) not in given:
                raise CheckpointError(
                    f"{self.id} decodes from {port.control} too, which this probe does not set."
                )
        out = [
            self._decoder.run(
                None, {port.name: given[str(port.control)][at : at + BATCH] for port in ports}
            )[0].reshape(-1, int(np.prod(self.shape)))
            for at in range(0, len(next(iter(given.values()))), BATCH)
        ]
        return np.concatenate(out)

    def reconstruct(self, indices: Sequence[int] | range) -> Floats:
        """What the decoder makes of the codes of test images, at the means of their posteriors."""
        others = {
            port.control: self.codes[port.control][indices].astype(np.int64)
            for port in self._graph("decode").inputs
            if port.control not in (None, "z")
        }
        mean = self.codes.get("mean")
        return self.decode(None if mean is None else mean[indices], **others)


def log_odds(means: Floats) -> tuple[Floats, Floats]:
    """Of Bernoulli means (N, P): the logits, and Σ ln(1 − mean) of each (N,).

    With them, ln p(x|z) = x · logits + that sum, for any x.
    """
    held = np.clip(means, EDGE, 1 - EDGE).astype(np.float64)
    rest = np.log1p(-held)
    return (np.log(held) - rest).astype(np.float32), rest.sum(1).astype(np.float32)


def log_likelihood(x: Floats, means: Floats) -> NDArray[np.float64]:
    """ln p(x|z) in nats, of images x and Bernoulli means of the same shape (N, P)."""
    held = np.clip(means, EDGE, 1 - EDGE).astype(np.float64)
    out: NDArray[np.float64] = (x * np.log(held) + (1 - x) * np.log1p(-held)).sum(1)
    return out
