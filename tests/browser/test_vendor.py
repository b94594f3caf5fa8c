from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

import pytest

from explorer.server.serving import WEB

VENDOR = WEB / "vendor"
PACKAGES = json.loads((VENDOR / "VENDOR.json").read_text())
FILES = [file for package in PACKAGES for file in package["files"]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["shipped"])
def test_what_is_shipped_is_what_was_published(file: dict[str, str]) -> None:
    shipped = (VENDOR / file["shipped"]).read_bytes()
    original = gzip.decompress(shipped) if file["encoding"] == "gzip" else shipped

    assert hashlib.sha256(shipped).hexdigest() == file["shipped_sha256"]
    assert hashlib.sha256(original).hexdigest() == file["original_sha256"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["package"])
def test_its_licence_is_shipped(package: dict[str, Any]) -> None:
    granted = {
        "MIT": "Permission is hereby granted, free of charge",
        "ISC": "distribute this software for any purpose\nwith or without fee is hereby granted",
    }
    licence = (VENDOR / package["licence_file"]).read_text()
    assert granted[package["licence"]] in licence
    if package["notices_file"]:
        assert (VENDOR / package["notices_file"]).stat().st_size > 0


def test_nothing_else_lies_there() -> None:
    recorded = {file["shipped"] for file in FILES} | {"VENDOR.json", "README.md"}
    recorded.add("gifenc.esm.d.ts")  # our own description of it, for the type checker
    for package in PACKAGES:
        recorded |= {package["licence_file"], package["notices_file"] or package["licence_file"]}

    there = {file.relative_to(VENDOR).as_posix() for file in VENDOR.rglob("*") if file.is_file()}
    assert there == recorded
