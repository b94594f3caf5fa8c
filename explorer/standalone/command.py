"""`python -m explorer export` and `site`: the explorer without a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from explorer import loading
from explorer.lessons import LESSONS, TRANSLATED, listing
from explorer.standalone import files, page, site
from training.contract.errors import UserError
from training.contract.files import write_bytes

MB = 1_000_000


def main(arguments: Sequence[str]) -> int:
    """Return 0 once it is written, 1 after a sentence about why it is not."""
    parser = argparse.ArgumentParser(prog="python -m explorer")
    commands = parser.add_subparsers(required=True, dest="command")
    export = commands.add_parser("export", help="write one page that opens from disk")
    export.add_argument("what", help="the id of a model or of a lesson")
    export.add_argument("--out", type=Path, required=True, metavar="PAGE.html")
    export.add_argument("--lang", choices=TRANSLATED, help="the language that a lesson opens in")
    whole = commands.add_parser("site", help="write a folder for any web host")
    whole.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    whole.add_argument("--models", nargs="+", metavar="ID", help="(default: all that there are)")
    options = parser.parse_args(arguments)
    try:
        if options.command == "export":
            return _export(options.what, options.out, options.lang)
        return _site(options.out, options.models)
    except UserError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{options.out} could not be written: {error.strerror}.", file=sys.stderr)
    return 1


def _export(what: str, out: Path, language: str | None) -> int:
    if out.is_dir():
        raise UserError(f"{out} is a folder: name the page, such as {out / f'{what}.html'}.")
    if out.exists() and not out.is_file():
        raise UserError(f"{out} is not a file: name the page, such as {what}.html.")
    if what in LESSONS:
        (lesson,) = (one for one in listing.lessons()["lessons"] if one["id"] == what)
        chosen, lessons = files.models(sorted(files.opened_by(what))), [what]
        link = {"lesson": what, "step": "1"}
        if language:
            if language not in lesson["translations"]:
                there = ", ".join(TRANSLATED[language])
                raise UserError(
                    f"The lesson {what} is not available in {language}; these are: {there}."
                )
            lesson, link["lang"] = lesson["translations"][language], language
        title, query = lesson["title"], urlencode(link)
    elif language:
        raise UserError(f"{what} is not a lesson, so it has no language: leave out --lang.")
    else:
        known = [entry.id for entry, _ in loading.usable(loading.catalogue())]
        if what not in known:
            raise UserError(
                f"There is no model and no lesson {what}. Models: {', '.join(known)}. "
                f"Lessons: {', '.join(LESSONS)}."
            )
        chosen, lessons = files.models([what]), files.lessons_of([what])
        title, query = chosen[0][1].title, urlencode({"model": what})
    write_bytes(out, page.page(chosen, lessons, query, title).encode())
    print(f"{out} · {files.size(out) / MB:.1f} MB · opens in a browser, without a network.")
    return 0


def _site(out: Path, ids: Sequence[str] | None) -> int:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is not empty: name a folder that is new, or empty it first.")
    known = [entry.id for entry, _ in loading.usable(loading.catalogue())]
    chosen = files.models(ids or known)
    bytes = site.write(out, chosen)
    print(f"{out} · {len(chosen)} models · {bytes / MB:.0f} MB · copy it to any web host.")
    return 0
