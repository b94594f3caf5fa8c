"""The routes, over a real socket: a test client would tidy hostile paths before sending them."""

import gzip
import http.client
import io
import json
import re
import socket
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, cast

import pytest
import uvicorn
from starlette.requests import Request
from streamlit.web.server.starlette.starlette_gzip_middleware import SelectiveGZipMiddleware

from explorer import arriving, serving, streaming
from explorer.lessons import LESSONS, listing
from training.contract.version1 import FILES

MakeCheckpoint = Callable[..., Path]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = SelectiveGZipMiddleware(serving.plain_app())  # as Streamlit has it
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture
def get(port: int) -> Callable[..., tuple[http.client.HTTPResponse, bytes]]:
    def get(
        path: str, method: str = "GET", **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    return get


Get = Callable[..., tuple[http.client.HTTPResponse, bytes]]


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A web folder of its own, with a secret beside it."""
    folder = tmp_path / "web"
    (folder / "vendor").mkdir(parents=True)
    (folder / "a.js").write_text("export {};")
    (folder / "vendor" / "engine.wasm.gz").write_bytes(gzip.compress(b"\0asm" * 500))
    (folder / ".hidden").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(serving, "WEB", folder)
    return folder


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        ("instrument.js", "text/javascript; charset=utf-8"),
        ("styles/instrument.css", "text/css; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("vendor/ort.wasm.bundle.min.mjs", "text/javascript; charset=utf-8"),
        ("vendor/ort-wasm-simd-threaded.wasm", "application/wasm"),
    ],
)
def test_the_front_end_is_served_with_the_types_that_browsers_insist_on(
    get: Get, file: str, media_type: str
) -> None:
    answer, body = get(f"/instrument/{file}", accept_encoding="gzip")
    assert answer.status == 200
    assert answer.getheader("content-type") == media_type
    assert body


def test_a_page_is_one_module_unless_the_sources_are_asked_for(
    get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    def imports(name: str) -> list[bytes]:
        body = get(f"/instrument/{name}")[1]
        return re.findall(rb"""(?:from|import) ?\(?["']([./][^"']+)["']""", body)

    monkeypatch.delenv(serving.SOURCES, raising=False)
    # What writes a GIF is fetched when one is asked for.
    assert set(imports("explorer.js")) == {b"./vendor/gifenc.esm.js"}
    assert imports("engine/decoder-worker.js") == []
    assert b"@import" not in get("/instrument/styles.css")[1]
    monkeypatch.setenv(serving.SOURCES, "1")
    assert b"./engine/session.js" in imports("explorer.js")
    assert b"./session.js" in imports("engine/decoder-worker.js")


@pytest.mark.parametrize("path", ["/instrument/a.js", "/catalogue.json", "/nowhere"])
def test_every_answer_is_isolated(get: Get, web: Path, path: str) -> None:
    answer, _ = get(path)
    assert answer.getheader("cross-origin-opener-policy") == "same-origin"
    assert answer.getheader("cross-origin-embedder-policy") == "require-corp"
    assert answer.getheader("cross-origin-resource-policy") == "same-origin"


def test_a_known_file_is_not_sent_again(get: Get, web: Path) -> None:
    first, body = get("/instrument/a.js")
    assert first.getheader("cache-control") == "no-cache"
    assert body == b"export {};"
    again, nothing = get("/instrument/a.js", if_none_match=first.getheader("etag") or "")
    assert (again.status, nothing) == (304, b"")
    (web / "a.js").write_text("export const changed = 1;")
    changed, body = get("/instrument/a.js", if_none_match=first.getheader("etag") or "")
    assert (changed.status, body) == (200, b"export const changed = 1;")


def test_a_packed_file_is_sent_packed_or_unpacked(get: Get, web: Path) -> None:
    packed, body = get("/instrument/vendor/engine.wasm", accept_encoding="br, gzip")
    assert packed.getheader("content-encoding") == "gzip"
    assert packed.getheader("content-type") == "application/wasm"
    assert packed.getheader("vary") == "Accept-Encoding"
    assert gzip.decompress(body) == b"\0asm" * 500

    plain, body = get("/instrument/vendor/engine.wasm")
    assert plain.getheader("content-encoding") == "identity"
    assert body == b"\0asm" * 500
    assert plain.getheader("etag") != packed.getheader("etag")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("GZIP", "gzip"),
        ("br;q=1.0, gzip;q=0.5", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip; q=0.000, br", "identity"),
        ("deflate, not-gzip", "identity"),
    ],
)
def test_packed_is_what_the_browser_says_it_takes(
    get: Get, web: Path, accepted: str, encoding: str
) -> None:
    answer, _ = get("/instrument/vendor/engine.wasm", accept_encoding=accepted)
    assert answer.getheader("content-encoding") == encoding


@pytest.mark.parametrize(
    "path",
    [
        "/instrument/../secret.txt",
        "/instrument/..%2fsecret.txt",
        "/instrument/%2e%2e/secret.txt",
        "/instrument/vendor/../../secret.txt",
        "/instrument/vendor/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/instrument/..%5csecret.txt",
        "/instrument//etc/passwd",
        "/instrument/%2fetc%2fpasswd",
        "/instrument/link.txt",
        "/instrument/.hidden",
        "/instrument/a.js%00.txt",
        "/instrument/vendor",
        "/instrument/",
        "/instrument/" + "a/" * 3000,
        "/instrument/" + "a" * 5000,
    ],
)
def test_no_path_leads_out_of_the_web_folder(get: Get, web: Path, path: str) -> None:
    answer, body = get(path)
    assert answer.status == 404
    assert b"secret" not in body


def test_a_checkpoint_folder_gives_its_own_files_only(
    get: Get, make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    folder = make_checkpoint("mine")
    (folder / "metrics.jsonl").write_text("{}")
    (tmp_path / "models" / "secret.txt").write_text("secret")
    answer, body = get("/checkpoints/mine/decoder.onnx", accept_encoding="gzip")
    assert answer.status == 200
    assert answer.getheader("content-encoding") == "identity"
    assert body == (folder / "decoder.onnx").read_bytes()
    for path in (
        "mine/metrics.jsonl",
        "mine/",
        "mine/../secret.txt",
        "mine/..%2fsecret.txt",
        "../models/mine/card.json",
        "..%2fmodels%2fmine/card.json",
        "other/card.json",
        "%2e/card.json",
    ):
        assert get(f"/checkpoints/{path}")[0].status == 404, path


def test_a_table_gives_itself_and_the_models_that_it_vouches_for(
    get: Get, make_table: MakeCheckpoint, tmp_path: Path
) -> None:
    folder = make_table("sprites")
    answer, body = get("/results/sprites/table.json", accept_encoding="gzip")
    assert (answer.status, answer.getheader("content-type")) == (200, "application/json")
    assert json.loads(gzip.decompress(body))["name"] == "sprites"
    model = "/results/sprites/sprites-beta4-s0-125/decoder.onnx"
    answer, body = get(model, accept_encoding="gzip")
    assert (answer.status, answer.getheader("content-encoding")) == (200, "identity")
    assert body == (folder / "sprites-beta4-s0-125" / "decoder.onnx").read_bytes()
    again, nothing = get(model, if_none_match=answer.getheader("etag") or "")
    assert (again.status, nothing) == (304, b"")

    (folder / "notes.txt").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    for path in (
        "sprites/notes.txt",
        "sprites/sprites-beta4-s0-125/",
        "sprites/sprites-beta4-s0-125/model.safetensors",
        "sprites/",
        "sprites/../../secret.txt",
        "sprites/..%2f..%2fsecret.txt",
        "sprites/x/../table.json",
        "..%2fresults%2fsprites/table.json",
        "%2e/table.json",
        "other/table.json",
    ):
        assert get(f"/results/{path}")[0].status == 404, path


def test_a_model_of_a_table_that_changed_is_not_served(
    get: Get, make_table: MakeCheckpoint, tmp_path: Path
) -> None:
    folder = make_table("sprites")
    changed = folder / "sprites-beta1-s0" / "decoder.onnx"
    assert get("/results/sprites/sprites-beta1-s0/decoder.onnx")[0].status == 200
    content = changed.read_bytes()
    changed.write_bytes(content[::-1])
    assert get("/results/sprites/sprites-beta1-s0/decoder.onnx")[0].status == 404
    outside = tmp_path / "outside.onnx"
    outside.write_bytes(content)
    changed.unlink()
    changed.symlink_to(outside)
    assert get("/results/sprites/sprites-beta1-s0/decoder.onnx")[0].status == 404


def test_no_table_leads_out_of_its_folder(
    get: Get, make_table: MakeCheckpoint, make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    folder = make_table("sprites")
    make_checkpoint("mine")
    text = (folder / "table.json").read_text("utf-8")
    there = "../../models/mine"
    (folder / "table.json").write_text(text.replace('"sprites-beta1-s0"', f'"{there}"'), "utf-8")
    for path in (f"{there}/decoder.onnx", "..%2f..%2fmodels%2fmine/decoder.onnx"):
        assert get(f"/results/sprites/{path}")[0].status == 404, path


def test_a_broken_checkpoint_is_listed_and_not_served(
    get: Get, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("whole")
    folder = make_checkpoint("broken")
    (folder / "decoder.onnx").unlink()
    (folder / "decoder.onnx").symlink_to("/etc/passwd")
    broken, whole = json.loads(get("/catalogue.json")[1])
    assert broken["id"] == "broken"
    assert "decoder.onnx" in broken["error"]
    assert whole["url"] == "/checkpoints/whole/"
    assert get("/checkpoints/broken/decoder.onnx")[0].status == 404
    assert get("/checkpoints/broken/card.json")[0].status == 404


def test_text_is_packed_on_its_way_and_weights_are_not(
    get: Get, make_checkpoint: MakeCheckpoint, web: Path
) -> None:
    (web / "long.js").write_text("export {};" * 500)
    make_checkpoint("mine")

    def encoding(path: str) -> str | None:
        return get(path, accept_encoding="gzip")[0].getheader("content-encoding")

    assert encoding("/instrument/long.js") == "gzip"
    assert encoding("/checkpoints/mine/card.json") == "gzip"
    for file in FILES:
        assert encoding(f"/checkpoints/mine/{file}") == "identity", file


def test_only_reading_is_possible(get: Get, web: Path) -> None:
    assert get("/instrument/a.js", "POST")[0].status == 405
    assert get("/instrument/a.js", "HEAD")[0].status == 200


@pytest.mark.parametrize(
    ("asked", "status", "sent", "content_range"),
    [
        ("bytes=0-3", 206, slice(0, 4), "bytes 0-3/1000"),
        ("bytes=990-", 206, slice(990, 1000), "bytes 990-999/1000"),
        ("bytes=990-5000", 206, slice(990, 1000), "bytes 990-999/1000"),
        ("bytes=-7", 206, slice(993, 1000), "bytes 993-999/1000"),
        ("bytes=1000-", 416, slice(0, 0), "bytes */1000"),
        ("bytes=-0", 416, slice(0, 0), "bytes */1000"),
        ("bytes=5-2", 200, slice(0, 1000), None),
        ("bytes=0-1,5-6", 200, slice(0, 1000), None),
        ("lines=0-1", 200, slice(0, 1000), None),
        ("bytes=" + "9" * 5000 + "-", 200, slice(0, 1000), None),
    ],
)
def test_a_range_of_a_file_is_sent(
    get: Get, web: Path, asked: str, status: int, sent: slice, content_range: str | None
) -> None:
    content = bytes(range(250)) * 4
    (web / "a.onnx").write_bytes(content)
    answer, body = get("/instrument/a.onnx", range=asked, accept_encoding="gzip")
    assert (answer.status, body) == (status, content[sent])
    assert answer.getheader("content-range") == content_range
    assert answer.getheader("content-length") == str(len(body))
    assert answer.getheader("accept-ranges") == "bytes"


def test_a_range_of_an_older_file_is_not_mixed_with_a_newer(get: Get, web: Path) -> None:
    (web / "a.onnx").write_bytes(b"older")
    etag = get("/instrument/a.onnx")[0].getheader("etag") or ""
    answer, body = get("/instrument/a.onnx", range="bytes=0-1", if_range=etag)
    assert (answer.status, body) == (206, b"ol")
    (web / "a.onnx").write_bytes(b"newer still")
    answer, body = get("/instrument/a.onnx", range="bytes=0-1", if_range=etag)
    assert (answer.status, body) == (200, b"newer still")


LARGE = 2**30


@pytest.fixture
def large(web: Path) -> str:
    """The address of a file of 1 GiB, which is sparse and so takes no space."""
    with (web / "large.onnx").open("wb") as file:
        file.truncate(LARGE)
    return "/instrument/large.onnx"


def test_the_head_of_a_file_costs_no_reading(
    get: Get, large: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr(
        streaming.FileAnswer, "__init__", _counting(streaming.FileAnswer.__init__, read)
    )
    answer, body = get(large, "HEAD")
    assert (answer.status, body) == (200, b"")
    assert answer.getheader("content-length") == str(LARGE)
    assert sum(read) == 0


def _counting(original: Callable[..., None], read: list[int]) -> Callable[..., None]:
    """Files that note how much of them is read."""

    def init(self: object, file: BinaryIO, *rest: object) -> None:
        class Counted(io.BufferedReader):
            def read(self, size: int | None = -1, /) -> bytes:
                read.append(len(content := super().read(size)))
                return content

        original(self, Counted(cast(io.RawIOBase, file.detach())), *rest)  # type: ignore[attr-defined]

    return init


def test_who_reads_nothing_holds_no_memory(port: int, large: str) -> None:
    connections = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(6)]
    tracemalloc.start()
    try:
        for connection in connections:
            connection.request("GET", large)
            assert connection.getresponse().status == 200
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        for connection in connections:
            connection.close()
    assert peak < 10_000_000, "of 6 GiB"


def test_who_left_is_not_read_for(port: int, large: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    monkeypatch.setattr(
        streaming.FileAnswer, "__init__", _counting(streaming.FileAnswer.__init__, read)
    )
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"GET {large} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert connection.recv(10_000)
    connection.close()
    before = -1
    while before != len(read):
        before = len(read)
        time.sleep(0.2)
    assert sum(read) < LARGE // 10


def test_routes_move_below_a_base_path() -> None:
    assert serving.base_path("") == serving.base_path("/") == ""
    assert serving.base_path("lab/vae/") == "/lab/vae"
    assert all(route.path.startswith("/lab/") for route in serving.routes("/lab"))


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


def test_a_dropped_checkpoint_is_served_to_whoever_knows_its_id(
    get: Get, post: Post, make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    folder = make_checkpoint("mine", tmp_path)
    status, entry = post(zipped(folder), x_checkpoint="zip")
    assert status == 201
    assert entry["url"] == f"/checkpoints/{entry['id']}/"
    assert entry["path"] == "mine"
    assert json.loads(get(f"/uploads/{entry['id']}")[1]) == entry
    assert get(f"{entry['url']}decoder.onnx")[1] == (folder / "decoder.onnx").read_bytes()
    assert json.loads(get("/catalogue.json")[1]) == [], "nobody else is told"
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


def test_lessons_and_their_figures_are_told(
    get: Callable[..., tuple[http.client.HTTPResponse, bytes]],
) -> None:
    response, body = get("/lessons.json")
    assert response.status == 200
    assert [one["id"] for one in json.loads(body)["lessons"]] == list(LESSONS)
    response, body = get("/lessons/beta/figures.json")
    assert json.loads(body) == listing.figures("beta")
    assert get("/lessons/none/figures.json")[0].status == 404
    assert get("/lessons/..%2Fbeta/figures.json")[0].status == 404


def test_what_a_teacher_takes_from_a_lesson_is_served_and_nothing_else(
    get: Callable[..., tuple[http.client.HTTPResponse, bytes]],
) -> None:
    page, _ = get("/lessons/gap/teacher.html")
    assert page.getheader("content-type", "").startswith("text/html")
    kept, _ = get("/lessons/gap/notebook.ipynb")
    assert kept.getheader("content-disposition") == 'attachment; filename="gap-notebook.ipynb"'
    for path in ("gap/other.html", "none/teacher.html", "gap/figures"):
        assert get(f"/lessons/{path}")[0].status == 404


def test_a_class_that_waits_for_a_lesson_leaves_threads_to_others(
    get: Get, web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured, asked = threading.Event(), threading.Semaphore(0)

    def figures(_: str) -> dict[str, float]:
        asked.release()
        assert measured.wait(60)
        return {}

    monkeypatch.setattr(listing, "figures", figures)
    with ThreadPoolExecutor(61) as pool:
        lessons = [pool.submit(get, f"/lessons/{LESSONS[0]}/figures.json") for _ in range(60)]
        while asked.acquire(timeout=0.5):
            pass  # until no other one gets a thread
        try:
            assert pool.submit(get, "/instrument/a.js").result(20)[0].status == 200
        finally:
            measured.set()
        assert all(one.result()[0].status == 200 for one in lessons)
