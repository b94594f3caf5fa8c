"""`latent-explorer` or `python -m explorer`: starts the app, from any folder.

What follows goes to Streamlit: `latent-explorer --server.port 8502`.
"""

import sys
from pathlib import Path

from streamlit.web import cli

APP = Path(__file__).parent / "app.py"


def main() -> None:
    """Run the app until it is stopped."""
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
