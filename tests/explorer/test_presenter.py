"""A class keeps what was acknowledged, counts every voter once, and is led by its key alone."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from explorer import loading
from explorer.presenter import routes
from explorer.presenter import store as presenter
from explorer.presenter.store import ClassError, Store
from explorer.server import arriving, serving

from .served import listening


def test_only_its_key_leads_a_class_and_nobody_guesses_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    code, key = store.begin("lesson=gap&step=1", "here")
    assert store.leads(code, key)
    assert not store.leads(code, code)
    assert not store.leads(code, "")
    assert not store.leads("none", key)
    assert presenter.KEY_BYTES * 8 >= 128
    assert len(presenter.LETTERS) ** len(code) > 2**49
    assert len({store.begin("", str(at)) for at in range(20)}) == 20
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("jobs.sqlite*"))
    assert key.encode() not in kept


def test_a_class_is_where_it_was_moved_until_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jobs.sqlite"
    store = Store(path)
    code, _ = store.begin("lesson=gap&step=1", "here")
    store.move(code, "lesson=gap&step=2")
    assert Store(path).place(code) == "lesson=gap&step=2"
    store.guess(code, "gap", "a", "70")
    store.end(code)
    assert store.place(code) is None
    assert store.tally(code, "gap") == {}
    code, _ = store.begin("", "here")
    monkeypatch.setattr(presenter, "KEPT_S", -1)
    assert store.place(code) is None, "long after its last move"


def test_the_first_guess_of_a_voter_counts_and_only_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presenter, "MOST_GUESSES", 3)
    store = Store(tmp_path / "jobs.sqlite")
    code, _ = store.begin("", "here")
    for voter, guess in (("a", "70"), ("a", "90"), ("b", "90"), ("c", "70")):
        store.guess(code, "gap", voter, guess)
    assert store.tally(code, "gap") == {"70": 2, "90": 1}
    with pytest.raises(ClassError):
        store.guess(code, "gap", "d", "70")


def test_one_address_may_have_so_many_classes_and_others_still_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presenter, "MOST_EACH", 2)
    store = Store(tmp_path / "jobs.sqlite")
    for _ in range(2):
        store.begin("", "here")
    with pytest.raises(ClassError, match="from your address"):
        store.begin("", "here")
    store.begin("", "there")


Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(loading, "RUNS", tmp_path)
    with listening(serving.plain_app()) as port:
        yield port


@pytest.fixture
def ask(port: int) -> Ask:
    def ask(method: str, path: str, form: object = None, key: str = "") -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        content = form if form is None or isinstance(form, str) else json.dumps(form)
        connection.request(method, path, content, {routes.KEY: key})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.status, json.loads(body) if is_json else body

    return ask


class Follower:
    """One who listens, as a browser does."""

    def __init__(self, port: int, code: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.connection.request("GET", f"/classes/{code}/places")
        self.answer = self.connection.getresponse()

    def next(self) -> Any:
        """The next event."""
        line = self.answer.readline()
        while not line.startswith(b"data: "):
            line = self.answer.readline()
        return json.loads(line[6:])


def test_who_follows_hears_every_move_and_the_end(ask: Ask, port: int) -> None:
    _, made = ask("POST", "/classes", {"place": "model=digits"})
    at, key = f"/classes/{made['code']}", made["key"]
    follower = Follower(port, made["code"])
    assert follower.next() == {"place": "model=digits"}
    assert ask("POST", f"{at}/place", {"place": "model=digits&z=1"}, key)[0] == 204
    assert follower.next() == {"place": "model=digits&z=1"}
    late = Follower(port, made["code"])
    assert late.next() == {"place": "model=digits&z=1"}
    assert ask("GET", f"{at}/tally.json", key=key)[1]["followers"] == 2
    assert ask("DELETE", at, key=key)[0] == 204
    assert follower.next() == late.next() == {"ended": True}
    follower.connection.close()
    late.connection.close()
    assert ask("GET", f"{at}/places") == (404, {"error": routes.NO_CLASS})


def test_who_follows_can_neither_lead_nor_see_the_tally(ask: Ask) -> None:
    _, made = ask("POST", "/classes", {"place": ""})
    _, other = ask("POST", "/classes", {"place": ""})
    at = f"/classes/{made['code']}"
    for key in ("", made["code"], other["key"]):
        for method, path in (
            ("POST", f"{at}/place"),
            ("GET", f"{at}/tally.json"),
            ("DELETE", at),
        ):
            form = {"place": "model=mine"} if method == "POST" else None
            assert ask(method, path, form, key) == (403, {"error": routes.NO_LEADER})
    assert routes.store().place(made["code"]) == ""


def test_predictions_are_counted_without_who_made_them(ask: Ask) -> None:
    _, made = ask("POST", "/classes", {"place": ""})
    at, key = f"/classes/{made['code']}", made["key"]
    for voter, guess in (("a", "70"), ("b", "70"), ("b", "0"), ("c", "9.5")):
        form = {"lesson": "gap", "voter": voter, "guess": guess}
        assert ask("POST", f"{at}/guesses", form)[0] == 204
    found = ask("GET", f"{at}/tally.json?lesson=gap", key=key)[1]
    assert found == {"followers": 0, "guesses": {"70": 2, "9.5": 1}}
    assert ask("GET", f"{at}/tally.json", key=key)[1]["guesses"] == {}


@pytest.mark.parametrize(
    "form",
    [
        {"lesson": "nothing", "voter": "a", "guess": "1"},
        {"lesson": "gap", "voter": "", "guess": "1"},
        {"lesson": "gap", "voter": "a", "guess": "1" * 101},
        {"lesson": "gap", "voter": "a", "guess": 1},
        {"lesson": "gap", "voter": "\ud800", "guess": "1"},
        ["gap"],
    ],
)
def test_what_is_no_prediction_is_refused_in_a_sentence(ask: Ask, form: object) -> None:
    _, made = ask("POST", "/classes", {"place": ""})
    status, answer = ask("POST", f"/classes/{made['code']}/guesses", form)
    assert status == 422
    assert answer["error"].endswith(".")


def test_a_message_that_never_ends_keeps_no_place_from_others(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "LONGEST_MESSAGE_S", 0.01)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("POST", "/classes")
    connection.putheader("content-length", "100")
    connection.endheaders(b'{"place"')
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]) == (
        422,
        "This message took too long to arrive: send it again.",
    )
    connection.close()


def test_who_leaves_before_all_is_sent_is_no_fault_of_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        assert message["type"].startswith("http.response")

    headers = [(b"host", b"localhost"), (b"content-length", b"100")]
    scope = {"type": "http", "method": "POST", "path": "/classes", "query_string": b""}
    app = serving.plain_app()
    with ThreadPoolExecutor(1) as thread:  # here one of the browser tests may run
        thread.submit(asyncio.run, app(scope | {"headers": headers}, receive, send)).result()
    assert caplog.records == []


def test_what_is_sent_and_asked_for_out_of_all_measure_is_refused_in_a_sentence(ask: Ask) -> None:
    _, made = ask("POST", "/classes", {"place": ""})
    at, key = f"/classes/{made['code']}", made["key"]
    status, answer = ask("POST", f"{at}/place", '{"place":' * 6000, key)
    assert (status, answer["error"]) == (
        422,
        "The message is not readable JSON: it is nested too deeply, beyond 32 levels.",
    )
    status, answer = ask("POST", f"{at}/place", {"place": "x" * 20_001}, key)
    assert status == 422
    assert "place is 'xxx" in answer["error"]
    assert answer["error"].endswith("; expected printable text, at most 20,000 characters.")


def test_where_nothing_can_be_written_a_sentence_says_so(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setattr(loading, "RUNS", tmp_path / "a file")
    for method, path in (
        ("POST", ""),
        ("DELETE", "/a"),
        ("GET", "/a/places"),
        ("POST", "/a/place"),
        ("GET", "/a/tally.json"),
    ):
        form = {"place": ""} if method == "POST" else None
        assert ask(method, f"/classes{path}", form) == (503, {"error": routes.NO_FILE})
