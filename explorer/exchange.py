"""`python -m explorer.exchange`: write what page and server share as modules of the page's code.

The types of what they exchange, and the limits that both keep. They are committed; a test finds out
when they are out of date.
"""

import re
from pathlib import Path

from explorer import links
from explorer.jobs import exchange as jobs
from explorer.presenter import exchange as presenter
from explorer.server import arriving, uploads
from training.contract.schema import interfaces

WEB = Path(__file__).parent / "instrument" / "web"
SENT = (links.Released, jobs.Form, jobs.Treatment, presenter.Place, presenter.Prediction)
ANSWERED = (
    *(jobs.Offer, jobs.Begun, jobs.Run, jobs.Sent, jobs.Images, jobs.Clinic),
    *(presenter.Leading, presenter.Tally, presenter.Moved),
)

LIMITS: dict[str, tuple[int | re.Pattern[str], str]] = {
    "LARGEST_ZIP": (arriving.LARGEST_ZIP, "Bytes of a zip that is sent."),
    "LONGEST_QUERY": (links.LONGEST_QUERY, "Characters of a link's query."),
    "UPLOADED": (uploads.ID, "How the id of an uploaded model is spelt, kept or not."),
}

MADE = "Made by `python -m explorer.exchange`; edit what it reads instead."


def made() -> dict[Path, str]:
    """The text of each file."""
    types = interfaces((*SENT, *ANSWERED), optional=(*SENT, presenter.Moved))
    limits = "\n".join(_constant(name, *limit) for name, limit in LIMITS.items())
    return {
        WEB / "exchange.d.ts": f"// {MADE}\n\n{types}",
        WEB / "limits.js": f"// {MADE}\n\n{limits}",
    }


def _constant(name: str, value: int | re.Pattern[str], meaning: str) -> str:
    spelt = f"{value:_}" if isinstance(value, int) else f"/^{value.pattern}$/"
    return f"/** {meaning} */\nexport const {name} = {spelt};\n"


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, "utf-8")
