"""One module of the front end at a time, inside the browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


def call(page: Page, module: str, body: str, argument: Any = None) -> Any:
    """What `body` returns, with the module as `it` and the argument as `given`."""
    return page.evaluate(
        f"async (given) => {{ const it = await import('/instrument/{module}'); {body} }}", argument
    )
