"""What can be wrong with something a person gave us; each message is a sentence for them."""


class UserError(ValueError):
    """Shown as it is, without a traceback."""


class ConfigError(UserError):
    """A configuration, or a card, does not say what it must. The message names the field."""


class CheckpointError(UserError):
    """A checkpoint folder cannot be used. The message, one sentence, names the file and why."""


class DataError(UserError):
    """A data set is missing or not what it says. The message names the file and what to do."""


class DivergedError(UserError):
    """A loss is no number any more."""


class MetricError(UserError):
    """What was given to a metric cannot be measured. The message says what to give instead."""
