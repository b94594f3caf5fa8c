import tomllib
from pathlib import Path

import pytest

from explorer import figures

THEME = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "explorer/.streamlit/config.toml").read_text("utf-8")
)["theme"]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_bars_are_sorted_by_kl_and_inactive_latents_apart() -> None:
    figure = figures.kl_bars([0.5, 0.001, 2.0], [True, False, True], figures.LIGHT)
    active, inactive = figure.data
    assert list(active.x) == ["z₂", "z₀"]
    assert list(active.y) == [2.0, 0.5]
    assert list(inactive.x) == ["z₁"]
    assert list(figure.layout.xaxis.categoryarray) == ["z₂", "z₀", "z₁"]


def test_the_curve_marks_the_step_that_was_kept() -> None:
    figure = figures.training_curve([1, 2, 3], [9, 8, 7], [9.5, 8.0, 8.5], 2, figures.DARK)
    training, validation, kept = figure.data
    assert list(training.y) == [9, 8, 7]
    assert list(validation.y) == [9.5, 8.0, 8.5]
    assert (list(kept.x), list(kept.y)) == ([2], [8.0])
    assert figure.layout.yaxis.title.text == "loss, nats"
    others = figures.training_curve([1], [9], [9.5], 1, figures.DARK, "grey levels²", "error")
    assert others.layout.yaxis.title.text == "error, grey levels²"
    assert all("grey levels²" in trace.hovertemplate for trace in others.data)


def test_a_long_curve_is_framed_where_it_settles() -> None:
    losses = [1000.0, *[100.0] * 50]
    figure = figures.training_curve(range(51), losses, losses, 50, figures.LIGHT)
    low, high = figure.layout.yaxis.range
    assert low < 100 < high < 1000


@pytest.mark.parametrize(
    ("colours", "theme"), [(figures.LIGHT, "light"), (figures.DARK, "dark")], ids=["light", "dark"]
)
def test_colours_can_be_read_and_are_those_of_the_theme(
    colours: figures.Palette, theme: str
) -> None:
    background = THEME[theme]["backgroundColor"]
    assert colours.accent == THEME[theme]["primaryColor"] == THEME[theme]["linkColor"]
    assert contrast(colours.accent, background) >= 4.5
    assert contrast(colours.text, background) >= 4.5
    assert contrast(colours.second, background) >= 3
    assert contrast(THEME[theme]["textColor"], THEME[theme]["secondaryBackgroundColor"]) >= 7
    assert contrast(THEME[theme]["codeTextColor"], THEME[theme]["codeBackgroundColor"]) >= 4.5


@pytest.mark.parametrize(
    ("sheet", "rule"),
    [("instrument.css", ".instrument h1 {"), ("picker.css", ".picker-title {")],
)
def test_the_title_of_every_page_is_as_large_as_that_of_the_instrument(
    sheet: str, rule: str
) -> None:
    styles = Path(figures.__file__).parent / "instrument" / "web" / "styles"
    declared = (styles / sheet).read_text("utf-8").split(rule, 1)[1].split("}", 1)[0]
    title = 16 * float(THEME["headingFontSizes"][0].removesuffix("rem"))
    assert f"font-size: {title:g}px;" in declared
