"""The kinds of values that the models of the contract are made of: bounded, printable, finite."""

import re
from typing import Annotated

from msgspec import Meta, Struct

# Neither control characters nor what turns the direction of a line, splits it, or is half a
# character: text from a file is shown on a page and printed in a terminal. Written so that Python
# and JavaScript read the same, and without `$`, which Python lets stand before a newline.
_HIDDEN = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff"
PRINTABLE = rf"^(?![\s\S]*[{_HIDDEN}])"
SHOWN = rf"{PRINTABLE}[\s\S]*\S"
PATTERNS = {PRINTABLE: "printable text", SHOWN: "printable text that is not blank"}

LARGEST_INTEGER = 2**53  # up to here whole numbers are exact in every JSON reader
LARGEST_NUMBER = 1e300
MOST_LATENTS = 1024
MOST_LABELS, LONGEST_LABEL = 1_000, 200
LONGEST_TEXT = 4000

Word = Annotated[str, Meta(min_length=1, max_length=80, pattern=SHOWN)]
Label = Annotated[str, Meta(min_length=1, max_length=LONGEST_LABEL, pattern=SHOWN)]
Short = Annotated[str, Meta(max_length=40, pattern=PRINTABLE)]
Line = Annotated[str, Meta(max_length=200, pattern=PRINTABLE)]
Paragraph = Annotated[str, Meta(max_length=1000, pattern=PRINTABLE)]
Text = Annotated[str, Meta(max_length=LONGEST_TEXT, pattern=PRINTABLE)]
Protocol = Text
Command = Text
# What a file is called on a disk or in a zip, whatever that is, and what is wrong with it.
Verbatim = Annotated[str, Meta(max_length=70_000)]
Sha256 = Annotated[str, Meta(min_length=64, max_length=64, pattern="^[0-9a-f]+")]

IDENTIFIER = r"^[a-z][a-z0-9_]*(?![\s\S])"
COLOUR = "^#[0-9a-f]{6}"
FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9]+)+(?![\s\S])"
PATTERNS |= {
    "^[0-9a-f]+": "64 hexadecimal digits",
    COLOUR: "a colour as # and six hexadecimal digits",
    IDENTIFIER: "lower-case letters, digits and underscores, a letter first",
    FILE_NAME: "a file name of letters, digits, - and _, with an ending, such as decoder.onnx",
}
Identifier = Annotated[str, Meta(min_length=1, max_length=40, pattern=IDENTIFIER)]
Colour = Annotated[str, Meta(min_length=7, max_length=7, pattern=COLOUR)]
FileName = Annotated[str, Meta(max_length=80, pattern=FILE_NAME)]

Count = Annotated[int, Meta(ge=0, le=LARGEST_INTEGER)]
Positive = Annotated[int, Meta(ge=1, le=LARGEST_INTEGER)]
Index = Annotated[int, Meta(ge=0, lt=MOST_LATENTS)]
Seed = Annotated[int, Meta(ge=0, lt=2**31)]
Number = Annotated[float, Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
Magnitude = Annotated[float, Meta(ge=0, le=LARGEST_NUMBER)]
Rate = Annotated[float, Meta(gt=0, le=LARGEST_NUMBER)]

Whole = Annotated[int, Meta(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]
# Without a pattern: where a text that has one may also be a list or an object, msgspec 0.22 writes
# beyond its memory. `refuse_hidden` looks at these.
Plain = bool | Whole | Number | Annotated[str, Meta(max_length=LONGEST_TEXT)] | None
Setting = Plain | tuple[Plain, ...]
Settings = dict[Word, Setting | dict[Word, Setting]]


class Record(Struct, frozen=True, forbid_unknown_fields=True):
    """What every model of the contract is: frozen, and no field that is not declared."""


def printable(text: str, longest: int = LONGEST_TEXT) -> str:
    """The first `longest` letters of a text on one line, with � for what cannot be printed."""
    return re.sub(f"[{_HIDDEN}]", "\N{REPLACEMENT CHARACTER}", " ".join(text.split()))[:longest]


def refuse_hidden(settings: Settings, path: str) -> None:
    """Refuse settings whose texts are not printable.

    Raises:
        ValueError: naming the field.
    """
    for name, value in settings.items():
        if isinstance(value, dict):
            refuse_hidden({**value}, f"{path}.{name}")
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and not re.search(PRINTABLE, text):
                raise ValueError(f"{path}.{name} is {text!r:.60}; expected printable text.")
