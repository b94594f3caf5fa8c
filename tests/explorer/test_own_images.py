"""Images that visitors drop to train on: what is taken, what is refused, and who sees what."""

from __future__ import annotations

import io
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from explorer import loading
from explorer.jobs import images, offers, quota, running
from explorer.jobs.asked import Training
from explorer.jobs.exchange import Form
from explorer.jobs.looking import Looks
from explorer.jobs.store import Store
from explorer.jobs.supervisor import Supervisor, keep
from explorer.server import arriving
from training.contract.card import CARD

from .conftest import MakeCheckpoint
from .served import Ask, served

FORM = {"data": "own", "family": "vae", "latents": 2, "steps": 500, "minutes": 1}
IDLE = (sys.executable, "-c", "import sys; sys.stdin.read()")
# Says what `training.workers.look` says of images, without looking.
LOOK = """
import json
counts = ("transparent", "duplicates", "more_broken", "more_others", "packed_bytes")
facts = dict.fromkeys(counts, 0)
facts |= {"images": 60, "labels": [["cats", 60]], "smallest": [9, 9], "largest": [9, 9]}
facts |= {"binary": False, "broken": {}, "others": [], "train": 40, "validation": 10, "test": 10}
facts |= {"side": 64, "fit": "crop", "channels": 1, "columns": 12, "shown": 40, "batch": 64}
network = {"recipe": "own", "overrides": ["--data.path=cats.zip"], "seconds": 0.1}
facts |= {"networks": {"vae normal": network}}
print(json.dumps({"what": "packing", "done": 60}))
print(json.dumps({"what": "timed", "facts": facts}))
"""


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def picture(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (9, 9), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


FEW = zipped({"cats/1.png": picture(1)})


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    monkeypatch.setattr(loading, "RUNS", tmp_path)
    home = (tmp_path / running.HOME).resolve()
    one = Supervisor(home, tmp_path, IDLE)
    looks = Looks(home, one.store, (sys.executable, "-c", LOOK))
    monkeypatch.setitem(running._supervisors, home, one)
    monkeypatch.setitem(running._looks, home, looks)
    with served() as ask:
        yield ask
    looks.close()
    one.close()


def drop(ask: Ask, content: bytes) -> tuple[int, Any]:
    return ask("POST", "/images?name=Cats%0A!", content)


def seen(ask: Ask, id: str) -> Any:
    """What was seen of images, once they were looked at."""
    for _ in range(200):
        answer = ask("GET", f"/images/{id}.json?side=64&fit=crop")[1]
        if answer["state"] != "looking" and not answer.get("timing"):
            return answer
        time.sleep(0.05)
    raise AssertionError(answer)


def test_images_are_sent_looked_at_trained_on_and_removed(ask: Ask) -> None:
    status, answer = drop(ask, FEW)
    assert (status, answer["title"]) == (201, "Cats !")
    id = answer["id"]
    form = FORM | {"images": id, "side": 64, "fit": "crop"}
    assert ask("POST", "/jobs", form) == (422, {"error": images.GONE})
    assert seen(ask, id)["facts"]["images"] == 60
    found = images.find(running.supervisor().home, id)
    assert found is not None
    (found.folder / "sheet-64-crop.webp").write_bytes(b"a sheet")
    assert ask("GET", f"/images/{id}/sheet-64-crop.webp") == (200, b"a sheet")
    for name in ("cats.zip", "set.json", "look-64-crop.json", ".."):
        assert ask("GET", f"/images/{id}/{name}")[0] == 404

    for query in ("side=63&fit=crop", "side=64&fit=squeeze", "side=64", "side=64&fit=crop&depth=1"):
        assert ask("GET", f"/images/{id}.json?{query}")[0] == 422

    status, made = ask("POST", "/jobs", form)
    assert status == 201
    job = running.supervisor().store.get(made["id"])
    assert job is not None
    assert isinstance(job.asked, Training)
    assert job.asked.overrides[0] == "--data.path=cats.zip", "no path of this server"
    assert running.supervisor()._data(job.asked)[1] == str(found.zip)
    remove = f"/images/{id}/remove"
    assert "is learning from these" in ask("POST", remove)[1]["error"]
    ask("POST", f"/jobs/{job.id}/stop")
    assert ask("POST", remove)[0] == 200
    assert not found.folder.exists()
    assert "were removed" in ask("POST", f"/jobs/{job.id}/go-on")[1]["error"]
    assert ask("GET", f"/images/{id}.json?side=64&fit=crop")[0] == 404


def patched(content: bytes, change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    """The zip with a table of contents that says something else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cat.png", content)
        change(archive.filelist[0])
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"GIF89a, which is not a zip", "not a readable zip"),
        (zipped({"../cat.png": b""}), "is not a plain path inside it"),
        (patched(b"x", lambda entry: setattr(entry, "file_size", 2**27)), "limit for an image is"),
        (zipped({f"{at}.png": b"" for at in range(10_001)}), "more than 10,000 files"),
    ],
    ids=["no zip", "outside", "bomb", "many"],
)
def test_what_cannot_be_images_is_refused_in_a_sentence(
    ask: Ask, content: bytes, sentence: str
) -> None:
    status, answer = drop(ask, content)
    assert status == 422
    assert sentence in answer["error"]
    assert list((running.supervisor().home / images.FOLDER).iterdir()) == []


def test_bytes_are_counted_while_they_arrive(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "LARGEST_ZIP", 1000)
    assert "larger than" in drop(ask, b"x" * 1001)[1]["error"]
    assert running.HEADER in ask("POST", "/images", FEW, {})[1]["error"]
    monkeypatch.setenv(offers.TRAIN, "no")
    assert drop(ask, FEW)[1] == {"error": running.NOT_ALLOWED}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("raise SystemExit(1)", id="dies"),
        pytest.param("""print('{"what": "timed", "facts": {}}')""", id="says what cannot be read"),
    ],
)
def test_a_look_that_fails_is_told_and_can_be_tried_again(ask: Ask, fault: str) -> None:
    looks = running.looks()
    command, looks.command = looks.command, (sys.executable, "-c", fault)
    id = drop(ask, FEW)[1]["id"]
    assert "could not be looked at" in seen(ask, id)["sentence"]
    looks.command = command
    assert seen(ask, id)["state"] == "ready"


def test_a_visitors_oldest_images_make_room_but_not_those_a_run_learns_from(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "jobs.sqlite")

    def add(visitor: str) -> images.Images:
        with images.arriving(tmp_path) as place:
            place.write_bytes(FEW)
            return images.accept(store, tmp_path, place, "Cats", visitor)

    other, first, _, third = (add(who) for who in ("b", "a", "a", "a"))
    form = Form("own", "vae", 2, 500, 1, images=first.id)
    run = Training("Cats", 500, 60, "own", (), form, first.id, first.zip.name)
    store.add("a", run)
    fourth = add("a")
    left = {one.id for one in images.all_of(tmp_path)}
    assert left == {other.id, first.id, third.id, fourth.id}, "the second made room"
    for one in (third, fourth):
        store.add("a", replace(run, images=one.id))
    with pytest.raises(images.UploadError, match="unfinished runs use all the room"):
        add("a")
    assert images.find(tmp_path, other.id) == other
    assert images.find(tmp_path, "../images") is None


def test_images_that_come_at_once_are_counted_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def others_wait() -> bool:
        with ThreadPoolExecutor(1) as another:
            return not another.submit(quota.counting.acquire, blocking=False).result()

    def watched(name: str) -> None:
        does = getattr(images, name)

        def do(*given: Any) -> Any:
            assert others_wait(), name
            done.append(name)
            return does(*given)

        monkeypatch.setattr(images, name, do)

    done: list[str] = []
    for name in ("make_room", "write_bytes"):
        watched(name)
    with images.arriving(tmp_path) as place:
        place.write_bytes(FEW)
        images.accept(Store(tmp_path / "jobs.sqlite"), tmp_path, place, "Cats", "a")
    assert done == ["make_room", "write_bytes"]


def test_a_model_of_a_visitors_images_is_found_by_its_id_alone(
    tmp_path: Path, make_checkpoint: MakeCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "RUNS", tmp_path)
    make_checkpoint("mine").rename(tmp_path / "a-job")
    id = keep(tmp_path / "a-job", private=True)
    found = loading.find(id)
    assert found is not None
    assert found.dropped
    assert (found.folder / CARD).exists()
    assert id not in {entry.id for entry in loading.catalogue()}
    assert loading.find(id[:-1] + "x") is None
