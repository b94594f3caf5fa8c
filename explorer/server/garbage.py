"""Memory that only Python's collector of cycles gives back, collected now and then.

Streamlit can collect after every run of the script, which is after every control that anybody lets
go of. That takes about as long as the run, and meanwhile nothing else does.
"""

from __future__ import annotations

import asyncio
import gc

EVERY_S = 10


async def collect_now_and_then() -> None:
    """Until it is cancelled. What is here when it begins stays, and is not looked through again."""
    gc.collect()
    gc.freeze()
    last = gc.get_count()
    while True:
        await asyncio.sleep(EVERY_S)
        # A server that nobody visits makes no garbage.
        if gc.get_count() != last:
            gc.collect()
            last = gc.get_count()
