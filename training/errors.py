"""What can be wrong with something a person gave us; each message is a sentence for them."""

from training.contract.errors import CheckpointError, ConfigError, UserError

__all__ = [
    "CheckpointError",
    "ConfigError",
    "DataError",
    "DivergedError",
    "MetricError",
    "UserError",
]


class DataError(UserError):
    """A data set is missing or not what it says. The message names the file and what to do."""


class DivergedError(UserError):
    """A loss is NaN or infinite."""


class MetricError(UserError):
    """What was given to a metric cannot be measured. The message says what to give instead."""
