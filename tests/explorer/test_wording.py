import pytest

from explorer.wording import JOINER, duration, measured_on, number, plain, size, table
from training.contract.measurements import Metric


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://example.org/x.png)",
        "<b>bold</b>",
        ":red[x] :smile: $x$ `x` *x* _x_ ~x~ | # 1. > -",
        "www&period;example&period;org http&colon;//example.org me&commat;example.org",
    ],
)
def test_no_punctuation_means_anything(text: str) -> None:
    shown = plain(text)
    assert shown.replace(JOINER, "").replace("\\", "") == text
    unescaped = shown.replace("\\\\", "")
    assert all(
        unescaped[at - 1] == "\\"
        for at, letter in enumerate(unescaped)
        if letter.isascii() and letter not in "\\ " and not letter.isalnum()
    )


@pytest.mark.parametrize(
    "address",
    ["www.example.org", "WWW.example.org", "http://example.org", "https://a.b", "me@example.org"],
)
def test_an_address_is_taken_apart(address: str) -> None:
    shown = plain(f"see {address}").replace("\\", "")
    assert address not in shown
    assert shown.replace(JOINER, "") == f"see {address}"


def test_a_text_is_one_line() -> None:
    assert plain("a\n\n# b\tc") == "a \\# b c"


@pytest.mark.parametrize(
    ("split", "said"),
    [("test", "Test split · 1,200 images"), ("all", "All splits · 1,200 images")],
)
def test_images_are_told_by_split_and_number(split: str, said: str) -> None:
    assert measured_on(Metric("mig", "MIG", 0.5, "of 1", split, 1200, 0, "Gaps.")) == said


def test_a_table_has_a_line_a_row() -> None:
    assert table(("A", "B"), {"c": "d"}) == "| A | B |\n| :-- | :-- |\n| c | d |"


def test_numbers_have_their_units() -> None:
    assert number(94.3621, "nats") == "94.36 nats"
    assert number(-4191.6, "nats") == "\N{MINUS SIGN}4,191.60 nats"
    assert number(1e308, "nats") == "1e+308 nats"
    assert number(-2.5e9, "nats") == "\N{MINUS SIGN}2.5e+09 nats"
    assert number(10.0, "latents") == "10 latents"
    assert number(2.71828, "bits/dim") == "2.718 bits\\/dim"
    assert [duration(seconds) for seconds in (4, 754, 8000)] == ["4 s", "13 min", "2 h 13 min"]
    sizes = [size(count).replace("\N{NO-BREAK SPACE}", "_") for count in (12_345, 1_234_567)]
    assert sizes == ["12_kB", "1.2_MB"]
