"""Numbers and other people's text as Markdown that says just that."""

from __future__ import annotations

import re
from collections.abc import Mapping

from training.contract.measurements import Metric, Provenance

# Has no width, and with it inside an address is none.
JOINER = "\N{WORD JOINER}"
MINUS = "\N{MINUS SIGN}"


def plain(text: str) -> str:
    """Text as text: who wrote it cannot place pictures, markup or links on the page."""
    # What looks like an address becomes a link after escapes have been read, so those cannot help.
    text = re.sub(r"www(?=\.)|http(?=s?:)|@", rf"\g<0>{JOINER}", text, flags=re.IGNORECASE)
    return re.sub(r"[!-/:-@\[-`{-~]", r"\\\g<0>", " ".join(text.split()))


def measured_on(measured: Metric | Provenance) -> str:
    """The images that it was measured on: `Test split · 10,000 images`."""
    split = "All splits" if measured.split == "all" else f"{measured.split.capitalize()} split"
    return f"{plain(split)} · {measured.samples:,} images"


def table(head: tuple[str, str], rows: Mapping[str, str]) -> str:
    """Two columns; both hold Markdown already."""
    lines = [head, (":--", ":--"), *rows.items()]
    return "\n".join(f"| {left} | {right} |" for left, right in lines)


def number(value: float, unit: str) -> str:
    """As many digits as tell models apart: in bits per dimension, the third does."""
    digits = 0 if float(value).is_integer() else 3 if unit == "bits/dim" else 2
    # What is as large as that is a mistake, and may have 309 digits.
    written = f"{value:.3g}" if abs(value) >= 1e9 else f"{value:,.{digits}f}"
    return f"{written.replace('-', MINUS)} {plain(unit)}"


def duration(seconds: float) -> str:
    """A span of time in its largest units."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """A count of bytes, never broken over two lines."""
    written = f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
    return written.replace(" ", "\N{NO-BREAK SPACE}")


def latent_name(latent: int) -> str:
    """z with its index below the line."""
    return "z" + str(latent).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
