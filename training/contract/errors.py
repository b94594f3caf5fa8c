"""What can be wrong with something a person gave us; each message is a sentence for them."""


class UserError(ValueError):
    """Shown as it is, without a traceback."""


class ConfigError(UserError):
    """A configuration, or a card, does not say what it must. The message names the field."""


class CheckpointError(UserError):
    """A checkpoint folder cannot be used. The message, one sentence, names the file and why."""
