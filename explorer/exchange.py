"""`python -m explorer.exchange`: write what page and server exchange as types of the page's code.

They are committed; a test finds out when they are not those of the models.
"""

from pathlib import Path

from explorer import links
from explorer.jobs import exchange as jobs
from explorer.presenter import exchange as presenter
from training.contract.schema import interfaces

TYPES = Path(__file__).parent / "instrument" / "web" / "exchange.d.ts"
SENT = (links.Released, jobs.Form, jobs.Treatment, presenter.Place, presenter.Prediction)
ANSWERED = (
    *(jobs.Offer, jobs.Begun, jobs.Run, jobs.Sent, jobs.Images, jobs.Clinic),
    *(presenter.Leading, presenter.Tally, presenter.Moved),
)

MADE = "Made by `python -m explorer.exchange`; edit the models that it names instead."


def made() -> str:
    """The text of the file."""
    return f"// {MADE}\n\n{interfaces((*SENT, *ANSWERED), optional=(*SENT, presenter.Moved))}"


if __name__ == "__main__":
    TYPES.write_text(made(), "utf-8")
