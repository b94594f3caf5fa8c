"""The instrument as an anywidget: a page in a frame, which decodes there and tells where it is."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.loading import Entry
from explorer.standalone import page
from training.contract.card import Card
from training.contract.errors import UserError
from training.contract.files import read_card
from training.contract.spaces import Categorical

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise UserError(
        "A notebook shows the instrument through anywidget: `pip install anywidget`, then restart "
        "the kernel."
    ) from error

if TYPE_CHECKING:
    from torch import nn

HEIGHT = 760


class Instrument(anywidget.AnyWidget):
    """A model under your fingers, and where it is.

    Attributes:
        z: the numbers of the continuous controls, one after the other.
        label: the index of the class of a conditional model; None of others.
        selection: the indices of the examples that are drawn around on the map.
        card: of the model.
    """

    _esm = Path(__file__).with_name("widget.js")
    z = traitlets.List(traitlets.Float()).tag(sync=True)
    label = traitlets.Int(None, allow_none=True).tag(sync=True)
    selection = traitlets.List(traitlets.Int(min=0)).tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(HEIGHT).tag(sync=True)

    def __init__(self, folder: Path, card: Card, held: object = None, height: int = HEIGHT) -> None:
        """Args: `held`: what must live as long as the widget, such as a temporary folder."""
        super().__init__(title=card.title, height=height)
        self.folder, self.card, self._held = folder, card, held
        self.on_msg(self._answer)

    @traitlets.validate("z")
    def _right_length(self, proposal: Any) -> list[float]:
        """Refuse a z of another model."""
        values = [float(value) for value in proposal["value"]]
        if len(values) not in (0, self.card.size):
            raise UserError(f"z has {len(values)} numbers; this model has {self.card.size}.")
        if not all(map(math.isfinite, values)):
            raise UserError(f"z is {values!r:.60}; give finite numbers.")
        return values

    @traitlets.validate("label")
    def _known_label(self, proposal: Any) -> int | None:
        """Refuse a label that the model does not have."""
        value: int | None = proposal["value"]
        labels = next(
            (space.labels for space in self.card.controls if isinstance(space, Categorical)), ()
        )
        if value is not None and not 0 <= value < len(labels):
            raise UserError(f"label is {value}; this model has {len(labels)} labels.")
        return value

    @traitlets.validate("selection")
    def _shown(self, proposal: Any) -> list[int]:
        """Refuse examples that the model does not have."""
        indices: list[int] = proposal["value"]
        count = 0 if self.card.examples is None else self.card.examples.count
        if any(index >= count for index in indices):
            raise UserError(
                f"selection has the example {max(indices)}; this model has {count:,}, counted "
                "from 0."
            )
        return indices

    def content(self) -> bytes:
        """The page, which holds the front end and the checkpoint."""
        entry = Entry(self.folder.name, self.folder, self.card, "")
        # The name of a folder is any text, and stands in a script of the page.
        id = json.dumps(entry.id).replace("<", "\\u003c")
        show = page.IN_NOTEBOOK.replace("$model", id)
        return page.page([(entry, self.card)], (), "", self.card.title, show).encode()

    def _answer(self, _: object, message: object, __: object) -> None:
        """Send the page when a view asks: in the state, every notebook file would keep it."""
        if isinstance(message, dict) and message.get("kind") == "page":
            self.send({"kind": "page"}, [self.content()])


def show(
    model: str | Path | nn.Module,
    *,
    images: Any = None,
    labels: tuple[Any, Sequence[str]] | None = None,
    latents: int | None = None,
    shape: tuple[int, int, int] | None = None,
    values: str = "unit",
    title: str | None = None,
    with_map: bool = True,
    height: int = HEIGHT,
) -> Instrument:
    """The instrument as a widget, for the last line of a notebook's cell.

    Its `z`, `label` and `selection` can be read and set; `observe` them to follow the sliders.

    Args:
        model: a checkpoint folder, or a module with a method or part `decode` or `decoder`, which
            takes codes (B, D), and for map and codes `encode` or `encoder`. It is copied.
        images: (N, C, H, W) in [0, 1], that it was not trained on, not sorted by class: the last
            tenth is held out from the map, which is measured with it.
        labels: an index for each image, and the names of the classes.
        latents, shape: how many there are, and (C, H, W); where neither images nor encoder say so.
        values: what the decoder gives: `unit` in [0, 1], `signed` in [−1, 1], `logits`, or `clip`.
        with_map: whether to draw the map, which takes UMAP half a minute at first.

    Raises:
        training.errors.UserError: in one sentence, if the model cannot be shown.
    """
    if isinstance(model, (str, Path)):
        folder = Path(model).resolve()
        return Instrument(folder, read_card(folder), height=height)
    from training.importing.network import checkpoint_of

    held = tempfile.TemporaryDirectory(prefix="explorer-")
    name = type(model).__name__.lower()
    folder = Path(held.name) / ("".join(c for c in name if c.isalnum()) or "model")
    card = checkpoint_of(
        folder,
        model,
        images,
        labels,
        latents,
        shape,
        values,
        title or type(model).__name__,
        with_map,
    )
    return Instrument(folder, card, held, height)
