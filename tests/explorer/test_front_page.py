import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

import explorer
from explorer import loading
from explorer.listing import Listing, describe
from explorer.server import front_page, serving, uploads
from training.contract.files import read_card

MakeCheckpoint = Callable[..., Path]


def test_everything_moves_below_a_base_path(make_checkpoint: MakeCheckpoint) -> None:
    assert all(route.path.startswith("/lab/") for route in front_page.routes("/lab"))
    make_checkpoint("mine")
    lines = "".join(front_page.early_lines("mine"))
    assert 'from "./instrument/explorer.js"' in lines
    assert 'modulepreload" href="./instrument/explorer.js"' in lines
    assert 'href="./checkpoints/mine/decoder.onnx"' in lines
    assert 'href="/' not in lines, "that a proxy may have put elsewhere"


def test_the_page_fetches_the_model_of_its_link_early(make_checkpoint: MakeCheckpoint) -> None:
    make_checkpoint("first")
    make_checkpoint("second")
    assert "/checkpoints/second/card.json" in "".join(front_page.early_lines("second"))
    for unknown in ("", 'nope"><script>'):
        lines = "".join(front_page.early_lines(unknown))
        assert "/checkpoints/first/card.json" in lines
        assert "nope" not in lines


def test_what_is_opened_early_is_the_entry_that_the_catalogue_has(
    make_checkpoint: MakeCheckpoint,
) -> None:
    make_checkpoint("first")
    make_checkpoint("second")
    found = re.search(r'id="early-model">(.*?)</script>', "".join(front_page.early_lines("second")))
    assert found is not None
    assert json.loads(found[1]) == describe(loading.catalogue(), serving.HERE)[1]


def test_a_title_cannot_end_the_data_that_it_stands_in(
    make_checkpoint: MakeCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_checkpoint("first")
    entry: Listing = {"id": "first", "title": "</script><script>alert(1)</script>"}
    monkeypatch.setattr(front_page, "describe", lambda *_: [entry])
    lines = front_page.early_lines("")
    assert lines[0].count("</script>") == 1
    assert json.loads(re.sub("<[^>]*>", "", lines[0])) == entry


def test_a_dropped_model_is_fetched_early_too(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_checkpoint("first")
    folder = make_checkpoint("mine", tmp_path)
    dropped = uploads.Dropped("mine~id", folder, read_card(folder), 0, 0)
    monkeypatch.setattr(uploads, "_kept", {dropped.id: dropped})
    lines = "".join(front_page.early_lines("mine~id"))
    assert "/checkpoints/mine~id/card.json" in lines
    assert "/checkpoints/first/" not in lines


def test_what_is_fetched_early_is_there_and_is_what_the_first_image_needs(
    make_checkpoint: MakeCheckpoint,
) -> None:
    make_checkpoint("first")
    lines = "".join(front_page.early_lines(""))
    paths = re.findall(r'href="./instrument/([^"]+)"', lines)
    assert sorted(paths) == [
        "explorer.js",
        "styles.css",
        "vendor/ort-wasm-simd-threaded.wasm",
        "vendor/ort.wasm.bundle.min.mjs",
    ]
    for path in paths:
        names = (path, f"{path}.gz")
        roots = (serving.BUNDLE, serving.WEB)
        assert any((root / name).is_file() for root in roots for name in names), path


def answered(query: bytes) -> Response:
    """What the front page answers to a query."""
    request = Request({"type": "http", "query_string": query})
    # In a thread of its own: one that drives a browser has a loop already.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(front_page._page(request))).result()


def test_a_link_to_the_clinic_leads_to_the_page_that_has_it() -> None:
    answer = answered(b"clinic=1")
    assert answer.status_code == 307
    assert answer.headers["location"] == "./train?clinic=1"


def test_of_a_model_named_twice_the_first_counts(make_checkpoint: MakeCheckpoint) -> None:
    make_checkpoint("first")
    make_checkpoint("second")
    page = bytes(answered(b"model=second&model=first").body)
    assert b"/checkpoints/second/card.json" in page
    assert b"/checkpoints/first/card.json" not in page


def test_streamlits_page_still_has_the_head_that_we_add_to() -> None:
    page = front_page.STREAMLIT_PAGE.read_text("utf-8")
    assert page.count("<head>") == page.count("</head>") == 1


def test_every_page_of_the_menu_wears_its_margins_from_the_first_paint() -> None:
    views = (Path(explorer.__file__).parent / "views").glob("[!_]*.py")
    assert {path.stem for path in views} == {"instrument", *front_page.DRESSED}
    assert "around.css" in front_page.with_early("")
