"""What only the collector of cycles gives back is given back, though not after every run."""

from __future__ import annotations

import asyncio
import gc
import tomllib
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import explorer
from explorer.server import garbage


class _Cycle:
    def __init__(self) -> None:
        self.itself = self


def test_cycles_are_collected_while_it_runs_and_what_was_there_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "EVERY_S", 0.01)

    async def watch() -> None:
        collecting = asyncio.create_task(garbage.collect_now_and_then())
        await asyncio.sleep(0)
        left = weakref.ref(_Cycle())
        async with asyncio.timeout(10):
            while left() is not None:
                await asyncio.sleep(0.01)
        assert gc.get_freeze_count() > 0
        collecting.cancel()

    # As it would be without luck: nothing collects by itself.
    gc.disable()
    try:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, watch()).result()
    finally:
        gc.enable()
        gc.unfreeze()


def test_streamlit_does_not_collect_after_every_run() -> None:
    settings = Path(explorer.__file__).with_name(".streamlit") / "config.toml"
    assert tomllib.loads(settings.read_text("utf-8"))["runner"]["postScriptGC"] is False
