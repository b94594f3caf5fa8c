"""What page and server say to each other is declared once, for both."""

from explorer import exchange


def test_the_types_of_the_page_are_those_of_the_models() -> None:
    assert exchange.TYPES.read_text("utf-8") == exchange.made(), "run `python -m explorer.exchange`"
