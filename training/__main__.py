"""python -m training COMMAND: makes, measures, takes over and hands on checkpoints.

list | train RECIPE | evaluate, embed, export, publish FOLDER | import MODEL | reproduce [TABLE]
"""

import argparse
import contextlib
import errno
import io
import sys

from training.commands import (
    classifier,
    clinic,
    embed,
    evaluate,
    export,
    importing,
    listing,
    publishing,
    reproduce,
    train,
)
from training.commands.report import INTERRUPTED
from training.errors import ConfigError, UserError
from training.trainer import memory

COMMANDS = {
    "list": listing,
    "train": train,
    "evaluate": evaluate,
    "embed": embed,
    "export": export,
    "import": importing,
    "publish": publishing,
    "reproduce": reproduce,
    "classifier": classifier,
    "clinic": clinic,
}
# What these work on may come from anybody; they compute on the CPU.
OF_ANYBODY = ("evaluate", "embed", "export", "import", "publish")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors are one sentence on standard error."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a redirected Windows console has no β
    options, rest = parser().parse_known_args(arguments)
    options.overrides = rest
    try:
        if rest and options.command != "train":
            raise ConfigError(f"{rest[0]} is not an option of `{options.command}`.")
        within = memory.bounded() if options.command in OF_ANYBODY else contextlib.nullcontext()
        with within:
            status: int = COMMANDS[options.command].run(options)
        return status
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        again = "go on with --resume" if options.command == "train" else "run this again"
        then = f"; free some space, then {again}" if error.errno == errno.ENOSPC else ""
        print(f"error: {where}{error.strerror or error}{then}.", file=sys.stderr)
        return 2
    except Exception as error:  # each library has its own error for too little memory
        if not memory.is_too_much(error):
            raise
        print(f"error: {memory.SENTENCE}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """The command line, without the typed overrides that `train` takes beside it."""
    root = argparse.ArgumentParser(
        prog="python -m training", description="Train and measure VAEs.", allow_abbrev=False
    )
    commands = root.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.add(commands.add_parser(name, help=command.HELP, allow_abbrev=False))
    return root


if __name__ == "__main__":
    sys.exit(main())
