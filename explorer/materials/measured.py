"""A lesson with its figures, and its text as HTML with the values in place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from itertools import groupby

from latex2mathml.converter import convert

from explorer.lessons.lesson import Block, Lesson, Part, Term
from explorer.lessons.words import ORIGINAL, Words, read_words


@dataclass(frozen=True)
class Measured:
    """A lesson, and what its figures are on the models that are here."""

    lesson: Lesson
    values: dict[str, float]
    language: str = ORIGINAL
    words: Words = field(default_factory=lambda: read_words(ORIGINAL))

    def figure(self, name: str, unit: bool = False) -> str:
        """The value as the lesson writes it, with its unit where that is wanted."""
        probe = self.lesson.front.figures[name]
        value = self.words.number(self.values[name], probe.decimals)
        return f"{value} {self.words.unit(probe)}".strip() if unit else value

    def by_figure(self) -> str:
        """What each option of the prediction has, in a line."""
        options = self.lesson.front.predict.options
        return "; ".join(f"{one.label}: {self.figure(one.figure, unit=True)}" for one in options)

    @property
    def right(self) -> int:
        """Which of the options of the prediction is right."""
        predict = self.lesson.front.predict
        found = [self.values[option.figure] for option in predict.options]
        return found.index(max(found) if predict.wanted == "largest" else min(found))

    def inline(self, parts: Iterable[Part]) -> str:
        """A line of text as HTML."""
        return "".join(map(self._part, parts))

    def _part(self, part: Part) -> str:
        match part.kind:
            case "figure":
                return f'<span class="figure">{self.figure(part.text)}</span>'
            case "tex":
                return convert(part.text)
            case "strong" | "code":
                return f"<{part.kind}>{escape(part.text)}</{part.kind}>"
            case "emphasis":
                return f"<em>{escape(part.text)}</em>"
            case _:
                return escape(part.text)

    def html(self, blocks: Iterable[Block]) -> str:
        """The blocks of a card."""
        out: list[str] = []
        # On paper there is no switch: the formula of the loss, as the instrument opens.
        blocks = [block for block in blocks if block.reading != "elbo"]
        for is_list, some in groupby(blocks, lambda block: block.kind == "item"):
            inside = "\n".join(map(self._block, some))
            out.append(f"<ul>\n{inside}\n</ul>" if is_list else inside)
        return "\n".join(out)

    def _block(self, block: Block) -> str:
        match block.kind:
            case "formula":
                return f'<p class="formula">{"".join(map(self._term, block.terms))}</p>'
            case "item":
                return f"<li>{self.inline(block.parts)}</li>"
            case _:
                return f"<p>{self.inline(block.parts)}</p>"

    def _term(self, term: Term) -> str:
        value = self.figure(term.figure, unit=True) if term.figure else ""
        below = f'<span class="value">{value}</span>' if value else ""
        return f'<span class="term">{convert(term.tex)}{below}</span>'
