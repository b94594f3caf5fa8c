"""The explorer: a trained VAE under your fingers.

In a notebook:

    import explorer

    view = explorer.show("runs/digits")  # or a network: explorer.show(vae, images=x_test)
    view
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.notebook.widget import show

__all__ = ["show"]


def __getattr__(name: str) -> Any:
    """`show` when it is asked for, so that nothing else needs anywidget."""
    if name == "show":
        from explorer.notebook.widget import show

        return show
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
