"""The routes, over a real socket: a test client would tidy hostile paths before sending them."""

import gzip
import http.client
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from explorer.lessons import LESSONS, listing
from explorer.server import serving
from training.contract.version1 import FILES

from .conftest import MakeCheckpoint
from .served import Get


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
    # What writes a GIF or a QR code is fetched when one is asked for.
    assert set(imports("explorer.js")) == {b"./vendor/gifenc.esm.js", b"./vendor/uqr.mjs"}
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


def test_routes_move_below_a_base_path() -> None:
    assert serving.base_path("") == serving.base_path("/") == ""
    assert serving.base_path("lab/vae/") == "/lab/vae"
    assert all(route.path.startswith("/lab/") for route in serving.routes("/lab"))


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
