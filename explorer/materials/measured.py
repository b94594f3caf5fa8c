"""A lesson with its figures, and its text as plain words or as HTML with the values in place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from latex2mathml.converter import convert

from explorer.lessons.lesson import Block, Lesson, Part, Term


@dataclass(frozen=True)
class Measured:
    """A lesson, and what its figures are on the models that are here."""

    lesson: Lesson
    values: dict[str, float]

    def figure(self, name: str, unit: bool = False) -> str:
        """The value as the lesson writes it, with its unit where that is wanted."""
        probe = self.lesson.front.figures[name]
        return spelled(self.values[name], probe.decimals) + (
            f" {probe.unit}" if unit and probe.unit else ""
        )

    def plain(self, parts: Iterable[Part]) -> str:
        """A line of text without marks; TeX stays as it is."""
        return "".join(
            self.figure(part.text) if part.kind == "figure" else part.text for part in parts
        )

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
        for block in blocks:
            if block.kind == "formula":
                terms = "".join(map(self._term, block.terms))
                out.append(f'<p class="formula">{terms}</p>')
            elif block.kind == "item":
                out.append(f"<li>{self.inline(block.parts)}</li>")
            else:
                out.append(f"<p>{self.inline(block.parts)}</p>")
        return "\n".join(out)

    def _term(self, term: Term) -> str:
        value = self.figure(term.figure, unit=True) if term.figure else ""
        below = f'<span class="value">{value}</span>' if value else ""
        return f'<span class="term">{convert(term.tex)}{below}</span>'


def spelled(value: float, decimals: int) -> str:
    """A figure as the page writes it: commas between thousands, a minus sign."""
    return f"{value:,.{decimals}f}".replace("-", "−")
