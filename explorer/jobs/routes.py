"""The routes by which the page of training asks for runs, watches them and decides about them.

The id of a job cannot be guessed: a person who has its link may do all that its owner may.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from msgspec.structs import asdict
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from explorer.jobs import exchange, image_routes, images, offers, quota
from explorer.jobs.asked import Asked, Training, Treating, written
from explorer.jobs.running import GONE, HEADER, NOT_ALLOWED, supervisor
from explorer.jobs.store import AT_WORK, OPEN, Job
from explorer.jobs.supervisor import Supervisor
from explorer.server.answers import Answer, as_json, in_a_sentence, queried, refused
from explorer.server.arriving import message, visitor_of
from training.contract.card import MODEL
from training.contract.clinic import read_ward
from training.contract.errors import UserError
from training.contract.reading import parse, read

LONGEST_FORM = 4096
_LIVE = re.compile(r"live-\d{7}\.(onnx|json)")
NOT_WRITABLE = (
    "Nothing can be trained here: this explorer cannot write to its folder `runs`. Whoever runs it "
    "can start it in a folder of their own."
)
NOTHING_TO_KEEP = "This run has not been validated yet, so there is nothing to keep: let it go on."


def routes(base: str) -> list[Route]:
    """The routes below `base`."""

    async def offer(_: Request) -> Response:
        return await run_in_threadpool(_offer)

    async def ask(request: Request) -> Response:
        return await posted(request, _ask)

    async def treat(request: Request) -> Response:
        return await posted(request, _treat)

    async def posted(request: Request, then: Callable[[bytes, str], Response]) -> Response:
        if HEADER not in request.headers:
            return refused(f"A request for a run needs the header {HEADER}.")
        body = await message(request, LONGEST_FORM)
        return await run_in_threadpool(then, body, visitor_of(request))

    async def clinic(_: Request) -> Response:
        return await run_in_threadpool(_clinic)

    async def look(request: Request) -> Response:
        since = queried(request, exchange.Since).since
        return await run_in_threadpool(_look, request.path_params["id"], since)

    async def decide(request: Request) -> Response:
        if HEADER not in request.headers:
            return refused(f"A request to change a run needs the header {HEADER}.")
        id, what = request.path_params["id"], request.path_params["what"]
        return await run_in_threadpool(_decide, id, what)

    async def file(request: Request) -> Response:
        id, name = request.path_params["id"], request.path_params["name"]
        return await run_in_threadpool(_file, id, name)

    listed: tuple[tuple[str, str, Answer], ...] = (
        ("GET", "training.json", offer),
        ("GET", "clinic.json", clinic),
        *image_routes.LISTED,
        ("POST", "jobs", ask),
        ("POST", "treatments", treat),
        ("GET", "jobs/{id}.json", look),
        ("POST", "jobs/{id}/{what}", decide),
        ("GET", "jobs/{id}/{name}", file),
    )
    return [
        Route(f"{base}/{path}", in_a_sentence(answer, NOT_WRITABLE), methods=[method])
        for method, path, answer in listed
    ]


def _offer() -> Response:
    if not offers.allowed():
        return refused(NOT_ALLOWED)
    one = supervisor()
    one.wake()  # by the time that the form is filled in, the worker has loaded what it needs
    store = one.store
    done, queue = store.all("trained", "stopped", "kept"), store.all("waiting", "training")
    return as_json(offers.offered(one.data, done, len(queue)))


def _clinic() -> Response:
    """The patients; and why no cure can be trained here, in a sentence, or an empty one."""
    try:
        ward = read_ward()
    except UserError as error:
        return refused(str(error), 404)
    return as_json(exchange.Clinic(**asdict(ward), untreated=_untreated()))


def _untreated() -> str:
    """Why no cure can be trained here; "" where one can."""
    if not offers.allowed():
        return NOT_ALLOWED
    try:
        one = supervisor()
    except (OSError, sqlite3.Error):
        return NOT_WRITABLE
    why = offers.missing("digits", one.data)
    if not why:
        one.wake()  # by the time that the cure is chosen, the worker has loaded what it needs
    return why


def _ask(body: bytes, visitor: str) -> Response:
    def job(one: Supervisor) -> Asked:
        asked = read(exchange.Form, parse(body, "The form"), "form")
        if asked.data == "own":
            found = images.find(one.home, asked.images)
            facts = found and found.facts(asked.side, asked.fit)
            if not found or not facts:
                raise UserError(images.GONE)
            return offers.run_on(asked, found, facts)
        if why := offers.missing(asked.data, one.data):
            raise UserError(why)
        return offers.run_of(asked)

    return _begin(job, visitor)


def _treat(body: bytes, visitor: str) -> Response:
    def job(one: Supervisor) -> Asked:
        asked = read(exchange.Treatment, parse(body, "The form"), "form")
        if why := offers.missing("digits", one.data):
            raise UserError(why)
        return offers.treatment_of(asked, read_ward())

    return _begin(job, visitor)


def _begin(job: Callable[[Supervisor], Asked], visitor: str) -> Response:
    """Queue the job that is asked for, or say why not."""
    if not offers.allowed():
        return refused(NOT_ALLOWED)
    one = supervisor()
    try:
        id = quota.add(one.store, one.home, visitor, job(one))
    except UserError as error:
        return refused(str(error))
    one.wake()
    return as_json(exchange.Begun(id), 201)


def _look(id: str, since: int) -> Response:
    one = supervisor()
    job = one.store.get(id)
    if job is None:
        return refused(GONE, 404)
    if job.state in OPEN and job.state != "paused":
        one.wake()
    before = [other.id for other in one.store.all(*AT_WORK.values()) + one.store.queue()]
    asked = job.asked
    return as_json(
        exchange.Run(
            id=job.id,
            title=asked.title,
            data=asked.form.data if isinstance(asked, Training) else "",
            cure=asked.form.cure if isinstance(asked, Treating) else None,
            unit=offers.unit_of(job),
            state=job.state,
            steps=asked.steps,
            step=job.step,
            seconds=job.seconds,
            most_seconds=asked.seconds,
            sentence=job.sentence,
            ahead=before.index(id) if job.state in AT_WORK and id in before else 0,
            warm=one.warm,
            snapshot=job.snapshot,
            checkpoint=job.checkpoint,
            losses=tuple(one.store.losses(id, since)),
            can_keep=_has_weights(one, id),
        )
    )


def _decide(id: str, what: str) -> Response:
    one = supervisor()
    job = one.store.get(id)
    if job is None:
        return refused(GONE, 404)
    try:
        if what in ("go-on", "keep") and _lost(one, job):
            return refused(
                "The images of this run were removed: drop them again and start a new run."
            )
        match what:
            case "pause" | "stop":
                one.store.want(id, what)
            case "go-on":
                asked = written(offers.with_more_time(job))
                with quota.counting:
                    if job.state == "stopped":
                        quota.check_open(one.store, job.visitor)
                    one.store.move(id, ("paused", "stopped"), "waiting", sentence="", asked=asked)
            case "keep":
                if not _has_weights(one, id):
                    return refused(NOTHING_TO_KEEP)
                with quota.counting:
                    quota.check_keeping(one.store, job.visitor)
                    one.store.move(id, ("trained", "stopped"), "keeping", sentence="")
            case _:
                return refused(GONE, 404)
    except UserError as error:
        return refused(str(error))
    one.wake()
    return _look(id, job.step)


def _lost(one: Supervisor, job: Job) -> bool:
    """Whether a run learns from a visitor's images that are no longer here."""
    id = job.asked.images if isinstance(job.asked, Training) else ""
    return id != "" and images.find(one.home, id) is None


def _has_weights(one: Supervisor, id: str) -> bool:
    """Whether the run was validated once: only then has it best weights, which can be kept."""
    return (one.folder(id) / MODEL).exists()


def _file(id: str, name: str) -> Response:
    one = supervisor()
    path = one.folder(id) / name
    if not _LIVE.fullmatch(name) or one.store.get(id) is None or not path.is_file():
        return PlainTextResponse("There is no such file.", 404)
    kind = "application/json" if name.endswith(".json") else "application/octet-stream"
    # A file of that name never changes: its step is part of it.
    headers = {"Cache-Control": "private, max-age=600", "Content-Encoding": "identity"}
    return Response(path.read_bytes(), media_type=kind, headers=headers)
