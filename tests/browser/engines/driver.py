"""What the tests ask of a browser, whichever it is."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

PATIENCE_S = 120
PAUSE_S = 0.05

Pointer = Literal["mouse", "touch"]


class Box(NamedTuple):
    """Where an element is in the window, in CSS pixels."""

    x: float
    y: float
    width: float
    height: float

    def at(self, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        return self.x + across * self.width, self.y + down * self.height


class Driver(ABC):
    """One window of a browser, with storage of its own."""

    name: str

    @abstractmethod
    def open(self, url: str) -> None:
        """Go there; the page may still be loading."""

    @abstractmethod
    def travel(self, by: int) -> None:
        """Go one page back, -1, or forward, 1, in the history; it may still be loading."""

    @abstractmethod
    def run(self, body: str, *given: Any) -> Any:
        """What a function body returns in the page, as JSON; `given` are its arguments."""

    @abstractmethod
    def move(self, points: Iterable[tuple[float, float]], pointer: Pointer = "mouse") -> None:
        """Press at the first point, move along the others, and release at the last."""

    @abstractmethod
    def hover(self, x: float, y: float) -> None:
        """Move the mouse there, pressing nothing."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press a key by its name, such as `ArrowRight`, or type one letter."""

    @abstractmethod
    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file in an `<input type=file>`."""

    @abstractmethod
    def resize(self, width: int, height: int) -> None:
        """Give the page this much room, in CSS pixels."""

    @abstractmethod
    def close(self) -> None:
        """Close the window."""

    def wait(self, condition: str, *given: Any) -> Any:
        """Until an expression, in which `given` are `arguments`, is true in the page: its value."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := self.run(f"return {condition}", *given)):
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: never true: {condition} with {given}")
            time.sleep(PAUSE_S)
        return found

    def box(self, selector: str) -> Box:
        """Where the first visible element of a selector is, once it is there and in sight."""
        self.wait(f"Boolean({VISIBLE})", selector)
        body = f"""
          const found = {VISIBLE};
          found.scrollIntoView({{block: "nearest", behavior: "instant"}});
          const {{x, y, width, height}} = found.getBoundingClientRect();
          return [x, y, width, height];
        """
        return Box(*self.run(body, selector))

    def click(self, selector: str) -> None:
        """Click the middle of an element."""
        at = self.box(selector).at()
        self.move([at])

    def drag(
        self, selector: str, start: float, end: float, steps: int = 12, pointer: Pointer = "mouse"
    ) -> None:
        """Drag along an element, between two shares of its width."""
        box = self.box(selector)
        shares = (start + (end - start) * step / steps for step in range(steps + 1))
        self.move([box.at(share) for share in shares], pointer)

    def type(self, text: str) -> None:
        """Type letter by letter."""
        for letter in text:
            self.press(letter)

    def text(self, selector: str) -> str:
        """What an element says."""
        self.wait(f"Boolean({VISIBLE})", selector)
        return str(self.run(f"return {VISIBLE}.innerText", selector))


VISIBLE = """[...document.querySelectorAll(arguments[0])].find((one) => one.checkVisibility())"""
