"""The explorer: a trained VAE under your fingers.

In a notebook:

    import explorer

    view = explorer.show("runs/digits")  # or a network: explorer.show(vae, images=x_test)
    view
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import nn

    from explorer.notebook.widget import Instrument

__all__ = ["show"]


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
    height: int = 760,
) -> Instrument:
    """The instrument as a widget, for the last line of a notebook's cell.

    Its `z`, `label` and `selection` can be read and set; `observe` them to follow the sliders.

    Args:
        model: a checkpoint folder, or a module with a method or part `decode` or `decoder`, which
            takes codes (B, D), and for map and codes `encode` or `encoder`. It is copied.
        images: (N, C, H, W) in [0, 1], that it was not trained on.
        labels: an index for each image, and the names of the classes.
        latents, shape: how many there are, and (C, H, W); where neither images nor encoder say so.
        values: what the decoder gives: `unit` in [0, 1], `signed` in [−1, 1], `logits`, or `clip`.
        with_map: whether to draw the map, which takes UMAP half a minute at first.

    Raises:
        training.errors.UserError: in one sentence, if the model cannot be shown.
    """
    from explorer.notebook.widget import show as show_widget  # so that nothing else needs anywidget

    return show_widget(
        model,
        images=images,
        labels=labels,
        latents=latents,
        shape=shape,
        values=values,
        title=title,
        with_map=with_map,
        height=height,
    )
