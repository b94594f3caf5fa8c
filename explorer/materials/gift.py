"""A quiz in Moodle's GIFT format (https://docs.moodle.org/en/GIFT_format)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from explorer.materials.quiz import Numeric, Question


def escaped(text: str) -> str:
    r"""Text in which nothing is read as a mark of GIFT: ~ = # { } : and \ get a backslash."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", text)


def gift(questions: Sequence[Question], title: str) -> str:
    """The file: a category of its own, then the questions with an empty line between."""
    # In the path of a category `//` is a slash.
    blocks = [f"$CATEGORY: Latent-space explorer/{title.replace('/', '//')}"]
    return "\n\n".join([*blocks, *map(_question, questions)]) + "\n"


def _question(question: Question) -> str:
    head = f"::{escaped(question.name)}::[plain]{escaped(question.ask)}"
    because = escaped(question.because)
    if isinstance(question, Numeric):
        return f"{head} {{#\n={question.low:g}..{question.high:g}\n####{because}\n}}"
    answers = "\n".join(
        ("=" if at == question.answer else "~") + escaped(text)
        for at, text in enumerate(question.choices)
    )
    return f"{head} {{\n{answers}\n####{because}\n}}"
