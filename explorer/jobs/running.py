"""What trains and what looks at images, one of each for the folder `runs`, as the routes ask it."""

from __future__ import annotations

import threading
from pathlib import Path

from explorer import loading
from explorer.jobs import images, offers
from explorer.jobs.looking import Looks
from explorer.jobs.supervisor import Supervisor

# A page of another site may send a form, but no such header.
HEADER = "X-Training"
# Below `runs`, so that keeping a model is a rename; what begins with a dot is in no catalogue.
HOME = ".jobs"
NOT_ALLOWED = "Whoever runs this explorer has switched training off."
GONE = "There is no such run: it was removed, or the link was cut short."

_supervisors: dict[Path, Supervisor] = {}
_looks: dict[Path, Looks] = {}
_lock = threading.Lock()


def supervisor() -> Supervisor:
    """That of `runs`."""
    home = (loading.RUNS / HOME).resolve()
    with _lock:
        if home not in _supervisors:
            _supervisors[home] = Supervisor(home, offers.data_folder())
        return _supervisors[home]


def looks() -> Looks:
    """What looks at the images that visitors drop."""
    one = supervisor()
    with _lock:
        if one.home not in _looks:
            _looks[one.home] = Looks(one.home, one.store)
        return _looks[one.home]


def begin() -> None:
    """Go on with what was left unfinished; the server begins."""
    home = loading.RUNS / HOME
    images.clear_leftovers(home)
    if offers.allowed() and (home / "jobs.sqlite").exists():
        one = supervisor()
        if one.store.all("waiting", "training", "keeping", "finishing"):
            one.wake()


def end() -> None:
    """Let the worker save what it is at; the server ends."""
    for looking in _looks.values():
        looking.close()
    _looks.clear()
    for one in _supervisors.values():
        one.close()
    _supervisors.clear()
