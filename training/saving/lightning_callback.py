"""A Lightning callback that keeps moments of a training, closest together at its beginning."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from training.errors import ConfigError
from training.saving.snapshots import snapshot

PACKAGES = ("lightning.pytorch", "pytorch_lightning")  # one library by its two names


def callback(
    folder: str | Path,
    *,
    decode: Callable[[Any], nn.Module],
    encode: Callable[[Any], nn.Module],
    first: int,
    **said: Any,
) -> Any:
    """As `training.lightning_snapshots`, which says what each argument is."""

    class Snapshots(_base()):  # type: ignore[misc]
        """Keeps step 0, `first`, twice that, and so on, and the last."""

        def __init__(self) -> None:
            super().__init__()
            self.next, self.last = first, -1

        def on_train_start(self, trainer: Any, module: Any) -> None:
            """Keep the untrained model."""
            self.keep(trainer, module)

        def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
            """Keep the model where it is time."""
            if trainer.global_step >= self.next:
                self.next = max(2 * self.next, trainer.global_step + 1)
                self.keep(trainer, module)

        def on_train_end(self, trainer: Any, module: Any) -> None:
            """Keep what the training gave."""
            self.keep(trainer, module)

        def keep(self, trainer: Any, module: Any) -> None:
            """One moment, written by one process."""
            if trainer.is_global_zero and trainer.global_step > self.last:
                self.last = trainer.global_step
                parts = (decode(module), encode(module))
                snapshot(folder, self.last, decode=parts[0], encode=parts[1], **said)

    return Snapshots()


def _base() -> type:
    for name in PACKAGES:
        try:
            found: type = importlib.import_module(name).Callback
        except ImportError:
            continue
        return found
    raise ConfigError("Lightning is not installed: `pip install lightning`, then try again.")
