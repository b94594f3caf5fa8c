"""One module of the front end at a time, inside the browser."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page


def call(page: Page, module: str, body: str, argument: Any = None) -> Any:
    """What `body` returns as JSON, with the module as `it` and the argument as `given`."""
    # Both ways as one text: Playwright carries numbers one by one, and slowly.
    function = f"""async (text) => {{
      const given = JSON.parse(text);
      const it = await import("/instrument/{module}");
      return JSON.stringify(await (async () => {{ {body} }})()) ?? "null";
    }}"""
    return json.loads(page.evaluate(function, json.dumps(argument)))
