"""What is sent to the server over a real socket: taken, bounded, or refused in a sentence."""

import asyncio
import http.client
import io
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.requests import Request

from explorer.server import arriving
from explorer.server.archives import UploadError

from .conftest import MakeCheckpoint
from .served import Get


def zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"{folder.name}/{file.name}")
    return buffer.getvalue()


@pytest.fixture
def post(port: int) -> Callable[..., tuple[int, dict[str, str]]]:
    def post(body: bytes, **headers: str) -> tuple[int, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", "/uploads", body, named)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, json.loads(content)

    return post


Post = Callable[..., tuple[int, dict[str, str]]]


def test_a_dropped_checkpoint_is_served_to_those_who_know_its_id(
    get: Get, post: Post, make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    folder = make_checkpoint("mine", tmp_path)
    status, entry = post(zipped(folder), x_checkpoint="zip")
    assert status == 201
    assert entry["url"] == f"/checkpoints/{entry['id']}/"
    assert entry["path"] == "mine"
    assert json.loads(get(f"/uploads/{entry['id']}")[1]) == entry
    assert get(f"{entry['url']}decoder.onnx")[1] == (folder / "decoder.onnx").read_bytes()
    assert json.loads(get("/catalogue.json")[1]) == [], "nobody else sees it"
    assert get("/uploads")[0].status == 405
    for id in ("nope", "three-latents", "three-latents~", "mine"):
        assert get(f"/uploads/{id}")[0].status == 404, id


def test_what_cannot_be_taken_is_answered_with_one_sentence(
    get: Get, post: Post, make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    status, answer = post(b"no zip", x_checkpoint="zip")
    assert status == 422
    assert answer["error"].startswith("This file is not a readable zip")

    status, answer = post(zipped(make_checkpoint("mine", tmp_path)))
    assert status == 422
    assert "header" in answer["error"], "another site's form can send a body, but no header"


def test_a_body_without_its_header_hears_the_sentence_and_no_reset(
    port: int,
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/uploads", bytes(20_000_000))
    answer = connection.getresponse()
    assert answer.status == 422
    assert "header" in json.loads(answer.read())["error"]
    connection.close()


def test_without_a_temporary_folder_a_drop_is_refused_in_a_sentence(
    post: Post, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "cleared"))
    status, answer = post(bytes(5_000_000), x_checkpoint="zip")
    assert status == 503
    assert answer["error"] == (
        "This explorer cannot keep what is dropped (No such file or directory): tell whoever runs "
        "it."
    )


def test_no_other_site_is_given_leave_to_drop(get: Get) -> None:
    asked = {"origin": "http://elsewhere.example", "access_control_request_method": "POST"}
    asked["access_control_request_headers"] = "x-checkpoint"
    answer, _ = get("/uploads", "OPTIONS", **asked)
    assert answer.getheader("access-control-allow-origin") is None
    assert answer.getheader("access-control-allow-headers") is None


def test_a_zip_that_is_too_large_is_not_waited_for(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "LARGEST_ZIP", 1000)
    status, answer = post(b"x" * 1001, x_checkpoint="zip")
    assert status == 422
    assert "larger than" in answer["error"]
    assert arriving._arriving == {}


def test_what_arrives_at_once_is_bounded(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "MOST_ARRIVING", 1000)
    status, answer = post(b"x" * 1001, x_checkpoint="zip")
    assert status == 422
    assert "Too many" in answer["error"]
    assert arriving._arriving == {}


def test_one_address_leaves_room_for_what_others_send(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "MOST_FROM_ONE", 1000)
    assert "Too many" in post(b"x" * 1001, x_checkpoint="zip")[1]["error"]


def test_one_address_sends_a_third_of_the_zips_that_may_arrive_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arriving, "MOST_ZIPS_FROM_ONE", 2)
    monkeypatch.setattr(arriving, "MOST_ZIPS", 3)

    async def school() -> None:
        arrives = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            await arrives.wait()
            yield b"zip"

        async def send(visitor: str) -> None:
            await arriving.receive(slow(), io.BytesIO(), visitor, "checkpoints", "")

        first = [asyncio.ensure_future(send(visitor)) for visitor in ("one", "one", "other")]
        await asyncio.sleep(0)
        for visitor in ("one", "third"):
            with pytest.raises(UploadError, match="Too many checkpoints are being dropped at once"):
                await send(visitor)
        arrives.set()
        await asyncio.gather(*first)
        await send("one")

    with ThreadPoolExecutor(1) as thread:  # here one of the browser tests may run
        thread.submit(asyncio.run, school()).result()
    assert arriving._zips == arriving._arriving == {}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
def test_a_visitor_is_an_address_or_a_household(one: str, other: str, same: bool) -> None:
    def visitor(host: str) -> str:
        return arriving.visitor_of(Request({"type": "http", "client": (host, 1), "headers": []}))

    assert (visitor(one) == visitor(other)) is same
