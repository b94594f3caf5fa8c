"""The quiz of a lesson: what it asks to predict, as measured here, and its three questions."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.materials.measured import Measured


@dataclass(frozen=True)
class Choice:
    """A question with one right answer among some; `answer` counts from 0."""

    name: str
    ask: str
    choices: tuple[str, ...]
    answer: int
    because: str


@dataclass(frozen=True)
class Numeric:
    """A question whose answer is a number; right from `low` to `high`."""

    name: str
    ask: str
    value: float
    low: float
    high: float
    because: str


Question = Choice | Numeric


def quiz(measured: Measured) -> list[Question]:
    """The questions. Whoever answers has done the lesson, so the figure may be asked for."""
    front, words = measured.lesson.front, measured.words
    asked: list[Question] = [
        Choice(
            f"{front.title}: {words.page('question', number=at)}",
            one.ask,
            one.choices,
            one.answer - 1,
            one.because,
        )
        for at, one in enumerate(front.questions, 1)
    ]
    return [_prediction(measured), *asked]


def _prediction(measured: Measured) -> Question:
    front, predict, words = measured.lesson.front, measured.lesson.front.predict, measured.words
    name, ask = f"{front.title}: {words.page('asked')}", predict.quiz or predict.ask
    if predict.figure is not None:
        low, high = front.figures[predict.figure].band
        value = measured.values[predict.figure]
        said = words.player["measured"].format(value=measured.figure(predict.figure, unit=True))
        return Numeric(name, ask, value, low, high, said)
    labels = tuple(option.label for option in predict.options)
    said = words.page("measured_models", values=measured.by_figure())
    return Choice(name, ask, labels, measured.right, said)
