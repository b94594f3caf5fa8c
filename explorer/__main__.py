"""`latent-explorer` or `python -m explorer`: starts the app, from any folder.

`--embed-in https://school.example` lets pages of that site show it in a frame. What else follows
goes to Streamlit: `latent-explorer --server.port 8502`. `latent-explorer lessons check` starts no
server: it measures every figure of the lessons. `export MODEL|LESSON --out
page.html` and `site --out FOLDER` write pages that need none.
"""

import argparse
import os
import sys
from pathlib import Path

from streamlit.web import cli

from explorer.protection import EMBED_IN, EmbedError, embedding_origins

APP = Path(__file__).parent / "app.py"


def main() -> None:
    """Run the app until it is stopped, or the command that is named."""
    if sys.argv[1:2] == ["lessons"]:
        from explorer.lessons import command

        sys.exit(command.main(sys.argv[2:]))
    if sys.argv[1:2] in (["export"], ["site"]):
        from explorer.standalone import command as standalone

        sys.exit(standalone.main(sys.argv[1:]))
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--embed-in", action="append", default=[])
    options, rest = parser.parse_known_args()
    try:
        origins = embedding_origins(" ".join(options.embed_in))
    except EmbedError as error:
        sys.exit(str(error))
    if origins:
        os.environ[EMBED_IN] = " ".join(origins)
    sys.argv = ["streamlit", "run", str(APP), *rest]
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
