"""Firefox, driven by the WebDriver BiDi that it speaks (https://w3c.github.io/webdriver-bidi)."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from .driver import Driver, Pointer

LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
KEYS = {
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "Backspace": "\ue003",
    "End": "\ue010",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Home": "\ue011",
    "Space": " ",
    "Tab": "\ue004",
}
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


class Session:
    """One connection: commands go out numbered, answers come back by their number."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.numbers = itertools.count()

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self.numbers)
        self.connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer: dict[str, Any] = json.loads(self.connection.recv(timeout=120))
            if answer.get("id") != number:
                continue
            if answer["type"] == "error":
                raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
            result: dict[str, Any] = answer["result"]
            return result


@contextmanager
def running(executable: str, profile: Path) -> Iterator[Session]:
    """A headless Firefox on an empty profile."""
    profile.mkdir(parents=True, exist_ok=True)
    lines = (
        f"user_pref({json.dumps(key)}, {json.dumps(PREFERENCES[key])});" for key in PREFERENCES
    )
    (profile / "user.js").write_text("\n".join(lines))
    command = [executable, "--headless", "--no-remote", "--profile", str(profile)]
    with subprocess.Popen(
        [*command, "--remote-debugging-port", "0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            found = next(
                (match for line in process.stderr if (match := LISTENS.search(line))), None
            )
            assert found is not None, "Firefox ended by itself"
            with connect(f"{found[1]}/session", max_size=None) as connection:
                session = Session(connection)
                session.send("session.new", capabilities={})
                yield session
                session.send("browser.close")
        finally:
            process.terminate()
            process.stderr.read()


@contextmanager
def window(session: Session) -> Iterator[Driver]:
    """A window with storage of its own."""
    user = session.send("browser.createUserContext")["userContext"]
    context = session.send("browsingContext.create", type="tab", userContext=user)["context"]
    firefox = Firefox(session, context)
    firefox.resize(1366, 768)
    yield firefox
    session.send("browser.removeUserContext", userContext=user)


class Firefox(Driver):
    """A tab."""

    name = "Firefox"

    def __init__(self, session: Session, context: str) -> None:
        self.session = session
        self.context = context

    def open(self, url: str) -> None:
        self.session.send("browsingContext.navigate", context=self.context, url=url, wait="none")
        self.wait("location.href.startsWith(arguments[0])", url.partition("?")[0])

    def travel(self, by: int) -> None:
        was = self.run("return location.href")
        self.session.send("browsingContext.traverseHistory", context=self.context, delta=by)
        self.wait("location.href !== arguments[0]", was)

    def run(self, body: str, *given: Any) -> Any:
        declaration = (
            "async (given) => JSON.stringify("
            f"await (async function() {{{body}}})(...JSON.parse(given)))"
        )
        answer = self.session.send(
            "script.callFunction",
            functionDeclaration=declaration,
            arguments=[{"type": "string", "value": json.dumps(given)}],
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        found = answer["result"].get("value")
        return None if found is None else json.loads(found)

    def _perform(self, source: dict[str, Any], actions: list[dict[str, Any]]) -> None:
        source = {**source, "actions": actions}
        self.session.send("input.performActions", context=self.context, actions=[source])

    def move(self, points: Iterable[tuple[float, float]], pointer: Pointer = "mouse") -> None:
        def to(point: tuple[float, float]) -> dict[str, Any]:
            x, y = point
            return {"type": "pointerMove", "x": round(x), "y": round(y), "duration": 15}

        first, *others = points
        press = {"type": "pointerDown", "button": 0}
        release = {"type": "pointerUp", "button": 0}
        source = {"type": "pointer", "id": pointer, "parameters": {"pointerType": pointer}}
        self._perform(source, [to(first), press, *map(to, others), release])

    def hover(self, x: float, y: float) -> None:
        source = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}}
        self._perform(source, [{"type": "pointerMove", "x": round(x), "y": round(y)}])

    def press(self, key: str) -> None:
        value = KEYS.get(key, key)
        keys = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._perform({"type": "key", "id": "keyboard"}, keys)

    def choose_file(self, selector: str, path: Path) -> None:
        found = self.session.send(
            "script.evaluate",
            expression=f"document.querySelector({json.dumps(selector)})",
            target={"context": self.context},
            awaitPromise=False,
        )
        element = {"sharedId": found["result"]["sharedId"]}
        self.session.send(
            "input.setFiles", context=self.context, element=element, files=[str(path)]
        )

    def resize(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        self.session.send("browsingContext.setViewport", context=self.context, viewport=viewport)

    def close(self) -> None:
        self.session.send("browsingContext.close", context=self.context)
