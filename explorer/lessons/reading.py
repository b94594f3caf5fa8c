"""From a Markdown file to a lesson, or one sentence that names the line.

A file is TOML between two lines `+++`, then five cards, each under its heading: `## Look`,
`## Predict`, `## Do`, `## Why`, `## Check`. A line of text knows `**strong**`, `*emphasis*`,
`` `code` ``, `$TeX$` and `{figure}`, the measured value of a figure of the front matter. Lines
between two lines `$$` are a formula: `{figure: TeX}` binds a term of it to a figure. One that
begins with `$$ loss` or `$$ elbo` is there only while the instrument writes it that way.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Literal

from explorer.lessons.lesson import CARDS, LIVE, Block, Front, Goal, Lesson, Part, Setup, Term
from explorer.lessons.probe import OfImage, OfModel, Probe
from explorer.lessons.probes import PROBES, Difference, Ratio
from training.contract.complaints import nearest
from training.contract.errors import ConfigError, UserError
from training.contract.reading import read

LARGEST = 100_000  # characters
FENCE = "+++"
# How a formula begins, and the way of writing that it is for.
FORMULAS: dict[str, Literal["loss", "elbo"] | None] = {
    "$$": None,
    "$$ loss": "loss",
    "$$ elbo": "elbo",
}
_INLINE = re.compile(
    r"(?P<code>`[^`]+`)|(?P<tex>\$[^$]+\$)|\{(?P<figure>[a-z][a-z0-9_]*)\}"
    r"|\*\*(?P<strong>[^*]+)\*\*|\*(?P<emphasis>[^*]+)\*"
)
# The TeX of a bound term may nest braces twice, as a fraction of texts does.
_TERM = re.compile(
    r"\{(?P<figure>[a-z][a-z0-9_]*): (?P<tex>(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})+)\}"
)
# What would be a figure that nobody measured: a number of two digits or more, or with decimals.
_TYPED = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)+|(?<![\w.])\d{2,}")
PROBE_NAMES = {kind.__struct_config__.tag: kind for kind in PROBES.__args__}


class LessonError(UserError):
    """A lesson file does not say what it must. The message, one sentence, names file and line."""


def read_lesson(path: Path, models: Collection[str], name: str = "") -> Lesson:
    """The lesson in a file, checked; `models` are the ids that it may open.

    Messages call it `name`, or else as the file is called.

    Raises:
        LessonError: in one sentence, naming the line.
    """
    name = name or path.name
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise LessonError(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LessonError(f"{name} cannot be read as text: {error}.") from error
    return parse(text, name, models)


def parse(text: str, name: str, models: Collection[str]) -> Lesson:
    """The lesson in a text, checked; `name` is how messages call it."""
    lines = text.splitlines()
    if len(text) > LARGEST:
        raise LessonError(f"{name} has {len(text):,} characters; a lesson has {LARGEST:,} at most.")
    if not lines or lines[0] != FENCE or FENCE not in lines[1:]:
        raise LessonError(f"{name}, line 1: front matter stands between two lines {FENCE}.")
    end = lines.index(FENCE, 1)
    front = _front(lines[1:end], name)
    _check_names(front, lines[1:end], name, models)
    cards = _cards(lines, end + 1, name, front)
    if front.teacher is None:
        return Lesson(front, cards)
    read = {
        field: tuple(
            _parts(text, line_of(lines[1:end], f"teacher.{field}"), name, front)
            for text in getattr(front.teacher, field)
        )
        for field in ("wrong", "discuss")
    }
    return Lesson(front, cards, **read)


def _front(lines: list[str], name: str) -> Front:
    try:
        tree = tomllib.loads("\n".join(lines))
    except (ValueError, RecursionError) as error:  # also of numbers too long, of text too deep
        said = str(error)
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
        line = int(found[1]) + 1 if found and found[1] else len(lines) + 1
        what = said[: found.start()] if found else said
        raise LessonError(f"{name}, line {line}: not readable TOML: {what}.") from error
    for figure, given in _entries(tree.get("figures")):
        probe = given.get("probe")
        if isinstance(probe, str) and probe not in PROBE_NAMES:
            line = line_of(lines, f"figures.{figure}.probe")
            raise LessonError(
                f"{name}, line {line}: figures.{figure}.probe is {probe!r:.60}"
                f"{nearest(probe, PROBE_NAMES)}"
            )
    try:
        for figure, given in _entries(tree.get("figures")):  # a complaint about all names none
            read(PROBES, given, f"figures.{figure}")  # type: ignore[arg-type]
        return read(Front, tree, "")
    except ConfigError as error:
        said = str(error).strip()
        raise LessonError(f"{name}, line {_line_in(lines, said)}: {said}") from error


def _entries(tree: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(tree, dict):
        yield from ((key, value) for key, value in tree.items() if isinstance(value, dict))


def _line_in(lines: list[str], said: str) -> int:
    """The line of the field that a complaint names: `figures.gap.band[0] is …` and the like."""
    said = re.sub(r"^(figures\.\w+): (?=[a-z_\[\]0-9]+ )(?!has |lacks )", r"\1.", said)
    path = re.match(r"[A-Za-z_][\w.\[\]']*", said)
    unknown = re.search(r"has an unknown field '([^']*)'", said)
    named = path[0].rstrip(".") if path and not said.startswith(("has ", "lacks ")) else ""
    return line_of(lines, f"{named}.{unknown[1]}".lstrip(".") if unknown else named)


def line_of(lines: list[str], path: str) -> int:
    """The line of the file where a path of the front matter stands, or the nearest above it."""
    keys = re.findall(r"[A-Za-z_]\w*|(?<=\[)\d+(?=\])", path)
    best, deepest = 1, 0
    table: list[str] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(lines, start=2):
        header = re.match(r"\s*(\[\[?)([\w.]+)\]\]?\s*(?:#.*)?$", line)
        entry = re.match(r"\s*([\w.]+)\s*=", line)
        if header:
            table = header[2].split(".")
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
                table = [*table, str(counts[header[2]])]
            here = table
        elif entry:
            here = [*table, *entry[1].split(".")]
        else:
            continue
        depth = next(
            (at for at, (a, b) in enumerate(zip(here, keys, strict=False)) if a != b),
            min(len(here), len(keys)),
        )
        if depth > deepest and depth == len(here):
            best, deepest = number, depth
    return best


def _check_names(front: Front, lines: list[str], name: str, models: Collection[str]) -> None:
    """Refuse figures and models that are not there."""

    def refuse(path: str, given: str, known: Collection[str]) -> None:
        if given not in known:
            line = line_of(lines, path)
            raise LessonError(
                f"{name}, line {line}: {path} is {given!r:.60}{nearest(given, known)}"
            )

    setups: dict[str, Setup] = {"": front.setup}
    for card, setup in (setups | {str(card): own for card, own in front.cards.items()}).items():
        where = f"cards.{card}" if card else "setup"
        for model in setup.models:
            refuse(f"{where}.{'compare' if setup.compare else 'model'}", model, models)
    if not front.setup.models and front.setup.page is None:
        line = line_of(lines, "setup")
        raise LessonError(f"{name}, line {line}: setup needs a model, a comparison or a page.")
    for figure, probe in front.figures.items():
        if isinstance(probe, OfImage | OfModel):
            refuse(f"figures.{figure}.model", probe.model, models)
        for field, other in _operands(probe).items():
            refuse(f"figures.{figure}.{field}", other, list(front.figures))
            if _operands(front.figures[other]):
                line = line_of(lines, f"figures.{figure}.{field}")
                raise LessonError(
                    f"{name}, line {line}: figures.{figure}.{field} is {other!r}, which is itself "
                    "made of two figures; name one that is measured."
                )
    if front.goal is not None and front.goal.model is not None:
        opened = front.cards.get("do", front.setup).models
        refuse("goal.model", front.goal.model, opened or front.setup.models)
    if front.goal is not None and front.goal.figure is not None:
        refuse("goal.figure", front.goal.figure, list(front.figures))
        if why := _no_goal(front.goal, front.figures[front.goal.figure]):
            raise LessonError(f"{name}, line {line_of(lines, 'goal')}: goal {why}")
    if front.predict.figure is not None:
        refuse("predict.figure", front.predict.figure, front.figures)
    for option in front.predict.options:
        refuse("predict.options", option.figure, front.figures)


def _operands(probe: Probe) -> dict[str, str]:
    """The figures that a figure is made of."""
    if isinstance(probe, Ratio):
        return {"of": probe.of, "over": probe.over}
    if isinstance(probe, Difference):
        return {"of": probe.of, "less": probe.less}
    return {}


def _no_goal(goal: Goal, probe: Probe) -> str:
    """Why a goal is none; empty where it is one."""
    low, high = probe.band
    if probe.__struct_config__.tag not in LIVE:
        return f"has a figure that is not measured as one moves; choose one of {', '.join(LIVE)}."
    if (goal.below is not None and low <= goal.below) or (
        goal.above is not None and high >= goal.above
    ):
        return f"may be reached at the start: the band of {goal.figure} is {low:g} to {high:g}."
    return ""


def _cards(lines: list[str], start: int, name: str, front: Front) -> dict[str, tuple[Block, ...]]:
    headings = [(at, line) for at, line in enumerate(lines) if at >= start and line.startswith("#")]
    wanted = [f"## {card.capitalize()}" for card in CARDS]
    for (at, line), heading in zip(headings, wanted, strict=False):
        if line.rstrip() != heading:
            raise LessonError(f"{name}, line {at + 1}: is {line!r:.60}; expected {heading!r}.")
    if len(headings) != len(wanted):
        raise LessonError(
            f"{name}, line {len(lines)}: has {len(headings)} cards; it takes {', '.join(wanted)}."
        )
    for at in range(start, headings[0][0]):
        if lines[at].strip():
            raise LessonError(f"{name}, line {at + 1}: text stands before the card {wanted[0]!r}.")
    ends = [at for at, _ in headings[1:]] + [len(lines)]
    return {
        card: tuple(_blocks(lines, at + 1, end, name, front))
        for card, (at, _), end in zip(CARDS, headings, ends, strict=True)
    }


def _blocks(lines: list[str], start: int, end: int, name: str, front: Front) -> Iterator[Block]:
    at = start
    while at < end:
        line = lines[at].strip()
        first = at
        if not line:
            at += 1
        elif line in FORMULAS:
            at = next((i for i in range(first + 1, end) if lines[i].strip() == "$$"), end)
            if at == end:
                raise LessonError(f"{name}, line {first + 1}: the formula has no second line $$.")
            at += 1
            terms = _terms(lines, first + 1, at - 1, name, front)
            yield Block("formula", terms=terms, reading=FORMULAS[line])
        elif line.startswith("$$"):
            raise LessonError(
                f"{name}, line {first + 1}: a formula begins with {', '.join(FORMULAS)} on a line "
                f"of its own; this is {line!r:.60}."
            )
        else:
            item = line.startswith("- ")
            taken = [line.removeprefix("- ")]
            at += 1
            while at < end and lines[at].strip() and not re.match(r"\s*(- |\$\$)", lines[at]):
                taken.append(lines[at].strip())
                at += 1
            parts = _parts(" ".join(taken), first + 1, name, front)
            yield Block("item" if item else "paragraph", parts=parts)


def _terms(lines: list[str], start: int, end: int, name: str, front: Front) -> tuple[Term, ...]:
    text = " ".join(line.strip() for line in lines[start:end])
    terms: list[Term] = []
    at = 0
    for found in _TERM.finditer(text):
        _known(found["figure"], start + 1, name, front)
        terms += [Term(text[at : found.start()].strip()), Term(found["tex"], found["figure"])]
        at = found.end()
    terms = [term for term in (*terms, Term(text[at:].strip())) if term.tex]
    for term in terms:
        if term.tex.count("{") != term.tex.count("}"):
            raise LessonError(
                f"{name}, line {start + 1}: a brace is open at {term.tex!r:.60}; a bound term, "
                "{figure: TeX}, cannot stand inside of a TeX command."
            )
    return tuple(terms)


def _parts(text: str, line: int, name: str, front: Front) -> tuple[Part, ...]:
    parts: list[Part] = []
    at = 0

    def plain(text: str) -> None:
        typed = _TYPED.search(text)
        if typed:
            raise LessonError(
                f"{name}, line {line}: the text has the number {typed[0]}; write a figure of the "
                "front matter in its place, such as {gap}, so that it is measured."
            )
        if "{" in text or "}" in text:
            raise LessonError(
                f"{name}, line {line}: a figure in the text is a name in braces, such as {{gap}}."
            )
        if text:
            parts.append(Part("text", text))

    for found in _INLINE.finditer(text):
        plain(text[at : found.start()])
        kind = str(found.lastgroup)
        inside = found[kind].strip("`$") if kind in ("code", "tex") else found[kind]
        if kind == "figure":
            _known(inside, line, name, front)
        parts.append(Part(kind, inside))  # type: ignore[arg-type]
        at = found.end()
    plain(text[at:])
    return tuple(parts)


def _known(figure: str, line: int, name: str, front: Front) -> None:
    if figure not in front.figures:
        raise LessonError(
            f"{name}, line {line}: the figure {figure!r} is not in the front matter"
            f"{nearest(figure, front.figures)}"
        )
