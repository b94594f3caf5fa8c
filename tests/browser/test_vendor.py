from __future__ import annotations

import gzip
import hashlib
import json

import pytest

from explorer.serving import WEB

VENDOR = WEB / "vendor"
MANIFEST = json.loads((VENDOR / "VENDOR.json").read_text())


@pytest.mark.parametrize("file", MANIFEST["files"], ids=lambda file: file["shipped"])
def test_the_engine_is_the_published_one(file: dict[str, str]) -> None:
    shipped = (VENDOR / file["shipped"]).read_bytes()
    original = gzip.decompress(shipped) if file["encoding"] == "gzip" else shipped

    assert hashlib.sha256(shipped).hexdigest() == file["shipped_sha256"]
    assert hashlib.sha256(original).hexdigest() == file["original_sha256"]


def test_its_licence_is_shipped() -> None:
    assert "MIT License" in (VENDOR / MANIFEST["licence_file"]).read_text()
    assert (VENDOR / MANIFEST["notices_file"]).stat().st_size > 0
