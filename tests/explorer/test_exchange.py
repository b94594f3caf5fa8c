"""What page and server say to each other is declared once, for both."""

from explorer import exchange


def test_the_page_has_the_types_and_limits_of_the_server() -> None:
    for path, text in exchange.made().items():
        assert path.read_text("utf-8") == text, "run `python -m explorer.exchange`"
