"""`latent-explorer` or `python -m explorer`: starts the app, from any folder."""

import io
import os
import sys
from pathlib import Path

from streamlit.web import cli

from explorer import loading
from explorer.server.protection import EMBED_IN, EmbedError, embedding_origins

APP = Path(__file__).parent / "app.py"
HELP = """usage: latent-explorer [FOLDER ...] [options]

Opens the explorer in a browser. FOLDER is a checkpoint, or holds checkpoints; the first of them is
opened. Without one, the page opens on a model that came with the explorer. Checkpoints in `runs`
are always listed.

  --server.port 8502                 use another port if the default, 8501, is taken
  --server.address 0.0.0.0           let other machines connect too
  --server.headless true             do not open a browser
  --server.baseUrlPath lab           serve it at http://…/lab, behind a proxy
  --server.maxUploadSize 500         the largest checkpoint that may be dropped, in MB
  --embed-in https://school.example  let pages of that site show the explorer in a frame
                                     (for several sites, give it again)

Any other option goes to Streamlit, whose own are listed by `streamlit run --help`.

Without a server:
  latent-explorer export MODEL|LESSON --out page.html   one page that opens from disk
  latent-explorer site --out FOLDER                     a folder for any web host
  latent-explorer lessons check                         measure every figure of the lessons
"""


def main() -> None:
    """Run the app until it is stopped, or the command that is named."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a path may hold bytes that are not text
    if sys.argv[1:2] == ["lessons"]:
        from explorer.lessons import command

        sys.exit(command.main(sys.argv[2:]))
    if sys.argv[1:2] in (["export"], ["site"]):
        from explorer.standalone import command as standalone

        sys.exit(standalone.main(sys.argv[1:]))
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(HELP, end="")
        return
    folders, sites, rest = split(sys.argv[1:])
    for folder in folders:
        if not Path(folder).is_dir():
            sys.exit(f"There is no folder {folder}; see `latent-explorer --help`.")
    if folders:
        named = [str(Path(folder).resolve()) for folder in folders]
        os.environ[loading.FIRST] = os.pathsep.join(named)
    if not all(sites):
        sys.exit("--embed-in names no site: give its address, such as https://school.example.")
    try:
        origins = embedding_origins(" ".join(sites))
    except EmbedError as error:
        sys.exit(str(error))
    if origins:
        os.environ[EMBED_IN] = " ".join(origins)
    sys.argv = ["streamlit", "run", str(APP), *rest]
    cli.main(prog_name="streamlit")


def split(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    """The folders of a command line, the sites that may embed, and what is for Streamlit.

    Every option takes a value, in the same word (`--name=value`) or in the next one.
    """
    folders, sites, rest = [], [], []
    left = iter(words)
    for word in left:
        if not word.startswith("-"):
            folders.append(word)
            continue
        name, has_value, value = word.partition("=")
        if not has_value:
            value = next(left, "")
        if name == "--embed-in":
            sites.append(value)
        else:
            rest += [word] if has_value or not value else [name, value]
    return folders, sites, rest


if __name__ == "__main__":
    main()
