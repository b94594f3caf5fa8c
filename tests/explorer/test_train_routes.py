"""What the page of training may ask of the server, and what it is refused."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from explorer import loading
from explorer.jobs import offers, quota, routes, running
from explorer.jobs.asked import Treating
from explorer.jobs.supervisor import Supervisor
from training.contract.card import MODEL

from .served import HEADERS, Ask, served

FORM = {"data": "sprites", "family": "vae", "latents": 2, "steps": 500, "minutes": 1}
# A worker that never gets ready.
IDLE = (sys.executable, "-c", "import sys; sys.stdin.read()")


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    monkeypatch.setattr(loading, "RUNS", tmp_path)
    monkeypatch.setenv(offers.DATA, str(tmp_path / "no data"))
    home = (tmp_path / running.HOME).resolve()
    one = Supervisor(home, offers.data_folder(), IDLE)
    monkeypatch.setitem(running._supervisors, home, one)
    with served() as ask:
        yield ask
    one.close()


def test_a_run_is_asked_for_watched_paused_and_its_files_are_served(ask: Ask) -> None:
    _, offered = ask("GET", "/training.json")
    assert [one["name"] for one in offered["data"] if not one["missing"]] == ["sprites", "scenes"]
    status, made = ask("POST", "/jobs", FORM)
    assert status == 201
    job = f"/jobs/{made['id']}"
    _, found = ask("GET", f"{job}.json")
    assert (found["state"], found["steps"], found["most_seconds"]) == ("waiting", 500, 60)
    assert ask("POST", f"{job}/pause")[1]["state"] == "paused"
    assert ask("POST", f"{job}/go-on")[1]["state"] == "waiting"

    folder = running.supervisor().folder(made["id"])
    folder.mkdir()
    for name in ("live-0000001.json", "resume.safetensors"):
        (folder / name).write_text("{}")
    assert ask("GET", f"{job}/live-0000001.json") == (200, {})
    assert ask("GET", f"{job}/resume.safetensors")[0] == 404
    assert ask("GET", "/jobs/another.json")[0] == 404


def test_where_nothing_can_be_written_a_sentence_says_so(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container of another user; root may write everywhere but below a file."""
    (tmp_path / "a file").touch()
    monkeypatch.setattr(loading, "RUNS", tmp_path / "a file")
    for method, path in (
        ("GET", "/training.json"),
        ("POST", "/jobs"),
        ("POST", "/jobs/a/keep"),
        ("GET", "/jobs/a.json"),
        ("GET", "/images/a.json?side=64&fit=crop"),
    ):
        answer = ask(method, path, FORM) if method == "POST" else ask(method, path)
        assert answer == (503, {"error": routes.NOT_WRITABLE})
    status, ward = ask("GET", "/clinic.json")
    assert (status, ward["untreated"]) == (200, routes.NOT_WRITABLE)


def test_what_is_not_on_offer_is_refused_in_a_sentence(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(form: object, headers: dict[str, str] = HEADERS) -> str:
        status, answer = ask("POST", "/jobs", form, headers)
        assert status == 422
        sentence: str = answer["error"]
        return sentence

    for query, why in (
        ("side=64&fit=" + "a" * 5000, f": fit is '{'a' * 59}; choose one of crop, pad."),
        ("side=9&fit=crop", ": side is '9'; choose one of 28, 64, 128."),
        ("side=64", " lacks the field 'fit'."),
    ):
        status, answer = ask("GET", f"/images/a.json?{query}")
        assert (status, answer["error"]) == (422, f"The query of this address{why}")
    assert "steps" in refusal(FORM | {"steps": 10**7})
    assert "MNIST is not on this server" in refusal(FORM | {"data": "digits"})
    assert running.HEADER in refusal(FORM, {})
    monkeypatch.setenv(offers.TRAIN, "no")
    assert refusal(FORM) == running.NOT_ALLOWED


def test_who_goes_on_when_the_time_is_up_has_as_long_again(ask: Ask) -> None:
    _, made = ask("POST", "/jobs", FORM)
    job, store = f"/jobs/{made['id']}", running.supervisor().store
    for seconds in (30.0, 61.0):
        assert store.take() is not None
        store.note(made["id"], 100, seconds, 1.0, None)
        store.move(made["id"], ("training",), "stopped")
        status, found = ask("POST", f"{job}/go-on")
        assert (status, found["state"]) == (200, "waiting")
        assert found["most_seconds"] == (60 if seconds < 60 else 121)


def test_a_run_that_was_stopped_before_it_was_validated_is_not_kept(ask: Ask) -> None:
    _, made = ask("POST", "/jobs", FORM)
    job = f"/jobs/{made['id']}"
    assert ask("POST", f"{job}/stop")[1]["can_keep"] is False
    assert ask("POST", f"{job}/keep") == (422, {"error": routes.NOTHING_TO_KEEP})
    folder = running.supervisor().folder(made["id"])
    folder.mkdir()
    (folder / MODEL).touch()
    assert ask("GET", f"{job}.json")[1]["can_keep"] is True
    assert ask("POST", f"{job}/keep")[1]["state"] == "keeping"


def test_a_stopped_run_goes_on_only_where_there_is_room_for_another(ask: Ask) -> None:
    stopped = f"/jobs/{ask('POST', '/jobs', FORM)[1]['id']}"
    ask("POST", f"{stopped}/stop")
    for _ in range(quota.MOST_OPEN_EACH):
        _, made = ask("POST", "/jobs", FORM)
    assert "unfinished" in ask("POST", f"{stopped}/go-on")[1]["error"]
    ask("POST", f"/jobs/{made['id']}/pause")
    assert ask("POST", f"/jobs/{made['id']}/go-on")[1]["state"] == "waiting"
    ask("POST", f"/jobs/{made['id']}/stop")
    assert ask("POST", f"{stopped}/go-on")[1]["state"] == "waiting"


def test_who_waits_is_behind_the_run_that_trains_too(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Supervisor, "wake", lambda _: None)
    ids = [ask("POST", "/jobs", FORM)[1]["id"] for _ in range(quota.MOST_OPEN_EACH)]
    running.supervisor().store.take()
    assert [ask("GET", f"/jobs/{id}.json")[1]["ahead"] for id in ids] == [0, 1, 2]


def test_a_flood_of_requests_gets_no_more_than_three_runs(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are counted before any is added, unless one waits for the other."""
    counted, store = threading.Barrier(8), running.supervisor().store
    check = quota.check_open

    def slowly(*given: Any) -> None:
        check(*given)
        with contextlib.suppress(threading.BrokenBarrierError):
            counted.wait(0.05)

    monkeypatch.setattr(quota, "check_open", slowly)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask("POST", "/jobs", FORM)[0], range(8)))
    assert answers.count(201) == quota.MOST_OPEN_EACH == len(store.all())
    assert set(answers) == {201, 422}


def test_a_patient_is_treated_by_a_job_with_the_cure_that_was_chosen(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    treatment = {"patient": 2, "cure": 0}
    status, found = ask("POST", "/treatments", treatment)
    assert status == 422
    assert "MNIST is not on this server" in found["error"]
    assert "MNIST is not on this server" in ask("GET", "/clinic.json")[1]["untreated"]

    monkeypatch.setitem(offers.DATA_SETS, "digits", offers.DATA_SETS["sprites"])  # always there
    _, ward = ask("GET", "/clinic.json")
    assert ward["untreated"] == ""
    for wrong in ({"patient": 8}, {"cure": 3}, {"cure": -1}, {"seed": 1}):
        status, found = ask("POST", "/treatments", treatment | wrong)
        assert status == 422, wrong
        assert "error" in found
    status, made = ask("POST", "/treatments", treatment)
    assert status == 201
    job = running.supervisor().store.get(made["id"])
    assert job is not None
    label = ward["patients"][1]["cures"][0]["label"]
    assert isinstance(job.asked, Treating)
    assert (job.asked.form.patient, job.asked.form.cure) == (2, 0)
    assert (job.asked.title, job.asked.seconds) == (f"Patient 2: {label}", offers.TREATMENT_S)
    # It is no run whose pace says how long another takes, and there is no model to keep.
    store = running.supervisor().store
    assert store.take() is not None
    store.note(job.id, 200, 9.0, 1.0, None)
    store.move(job.id, ("training",), "trained")
    assert ask("GET", "/training.json")[1]["paces"] == {}
    assert ask("POST", f"/jobs/{job.id}/keep")[0] == 422
    for _ in range(quota.MOST_OPEN_EACH):
        assert ask("POST", "/treatments", treatment)[0] == 201
    assert "unfinished" in ask("POST", "/treatments", treatment)[1]["error"]
