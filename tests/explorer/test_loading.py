import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from explorer import loading, measured
from explorer.listing import describe
from training.contract.table import read_table, write_table
from training.errors import CheckpointError

MakeCheckpoint = Callable[..., Path]


def ids() -> list[str]:
    return [entry.id for entry in loading.catalogue()]


def test_an_empty_folder_has_nothing_and_says_what_to_do() -> None:
    assert loading.catalogue() == ()
    assert "python -m training train" in loading.nothing_found()


def test_a_new_folder_appears_and_a_removed_one_goes(make_checkpoint: MakeCheckpoint) -> None:
    make_checkpoint("first")
    assert ids() == ["first"]
    second = make_checkpoint("second")
    assert ids() == ["first", "second"]
    (second / "card.json").unlink()
    for file in second.iterdir():
        file.unlink()
    assert ids() == ["first"]


def test_a_card_is_read_again_only_when_a_file_changed(
    make_checkpoint: MakeCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_checkpoint("watched")
    reads = []
    original = loading.read_card
    monkeypatch.setattr(loading, "read_card", lambda path: reads.append(path) or original(path))
    assert loading.find("watched") == loading.find("watched")
    assert len(reads) == 1

    card = json.loads((folder / "card.json").read_text("utf-8"))
    (folder / "card.json").write_text(json.dumps(card | {"title": "Renamed at last"}), "utf-8")
    entry = loading.find("watched")
    assert entry is not None
    assert entry.card is not None
    assert entry.card.title == "Renamed at last"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "decoder.onnx").unlink(), "decoder.onnx"),
        (lambda folder: (folder / "decoder.onnx").write_bytes(b"short"), "decoder.onnx"),
        (lambda folder: (folder / "card.json").write_text("{"), "card.json"),
        (lambda folder: (folder / "card.json").write_text('{"version": 99}'), "version"),
        (lambda folder: (folder / "card.json").unlink(), "card.json"),
        (lambda folder: (folder / "card.json").write_bytes(b"\xff\xfe"), "card.json"),
    ],
)
def test_a_broken_checkpoint_is_an_entry_with_one_sentence(
    make_checkpoint: MakeCheckpoint, damage: Callable[[Path], object], words: str
) -> None:
    damage(make_checkpoint("broken"))
    make_checkpoint("whole")
    broken, whole = loading.catalogue()
    assert broken.card is None
    assert words in broken.error
    assert "\n" not in broken.error
    assert broken.error.endswith(".")
    assert whole.card is not None
    assert describe([broken]) == [{"id": "broken", "error": broken.error}]


def test_a_command_names_a_path_only_where_it_can_be_typed(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "RUNS", Path("runs"))
    for folder in (make_checkpoint("far"), make_checkpoint("a run", tmp_path / "runs")):
        (folder / "card.json").unlink()
        (folder / ".embedding").mkdir()
    far, run = loading.catalogue()
    assert "run `python -m training embed 'runs/a run'` again" in run.error
    assert "run `python -m training embed` on this folder again" in far.error
    assert str(tmp_path) not in far.error + run.error


DEEP = '{"a":' * 985 + "0" + "}" * 985


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DEEP, "nested too deeply"),
        ('{"version": ' + DEEP + "}", "nested too deeply"),
        ('{"version": 1, "title": "\\ud800"}', "title"),
        ('{"version": 1, "data": {"labels": ["\\udc00"]}}', "labels"),
        ('{"version": 2, "intent": "\\ud800", "\\ud801": 1}', "unknown field"),
        ('"' + '\\"' * 4_000_000, "card.json"),  # 8 MB, and its text never ends
    ],
    ids=["deep", "deep version", "title", "label", "field", "endless text"],
)
def test_a_hostile_card_is_its_own_trouble(
    make_checkpoint: MakeCheckpoint, text: str, words: str
) -> None:
    folder = make_checkpoint("hostile")
    whole = make_checkpoint("whole")
    tree = json.loads((whole / "card.json").read_text("utf-8"))
    if text.startswith('{"version": 1'):
        text = json.dumps(_merged(tree, json.loads(text)))
    (folder / "card.json").write_text(text, "utf-8")
    hostile, other = loading.catalogue()
    assert hostile.card is None
    assert words in hostile.error
    assert other.card is not None
    json.dumps(describe([hostile]), ensure_ascii=False).encode("utf-8")


def _merged(tree: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The card with this one change in it."""
    return tree | {
        name: _merged(tree[name], value) if isinstance(value, dict) else value
        for name, value in change.items()
    }


def test_what_no_check_foresaw_is_the_trouble_of_one_folder(
    make_checkpoint: MakeCheckpoint, make_table: MakeCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_checkpoint("odd")
    make_checkpoint("whole")
    make_table("odd")
    make_table("whole")

    def fails_for(module: object, name: str) -> None:
        original = getattr(module, name)

        def read(folder: Path) -> object:
            if folder.name == "odd":
                raise RecursionError("maximum recursion depth exceeded")
            return original(folder)

        monkeypatch.setattr(module, name, read)

    fails_for(loading, "read_card")
    fails_for(measured, "read_table")
    odd, whole = loading.catalogue()
    assert odd.error == (
        "odd/card.json could not be read (RecursionError): copy the folder again, or move it "
        "elsewhere."
    )
    assert whole.card is not None
    odd_table, whole_table = measured.tables()
    assert odd_table.error.startswith("odd/table.json could not be read (RecursionError)")
    assert whole_table.table is not None


def test_what_is_no_checkpoint_is_passed_over(
    models: Path, make_checkpoint: MakeCheckpoint
) -> None:
    (models / "notes").mkdir()
    (models / "readme.txt").write_text("hello")
    make_checkpoint(".hidden")
    assert ids() == []


def test_extra_folders_may_be_checkpoints_or_hold_them(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = make_checkpoint("alone", tmp_path / "elsewhere")
    make_checkpoint("one", tmp_path / "many")
    make_checkpoint("two", tmp_path / "many")
    named = [alone, tmp_path / "many", tmp_path / "missing"]
    monkeypatch.setenv(loading.EXTRA, os.pathsep.join(map(str, named)))
    assert ids() == ["alone", "one", "two", "missing"]
    missing = loading.find("missing")
    assert missing is not None
    assert loading.EXTRA in missing.error


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("~nosuchuser/models", "home directory"),
        ("{tmp}/loop", "symbolic links"),
        ("{tmp}/" + "x" * 256, "File name too long"),
        ("{tmp}/locked", "Permission denied"),
        ("{tmp}/locked/below", "Permission denied"),
    ],
)
def test_a_name_that_cannot_be_opened_is_an_entry_with_the_reason(
    make_checkpoint: MakeCheckpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    reason: str,
) -> None:
    make_checkpoint("whole", tmp_path / "many")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    stat = os.stat

    # Not by `chmod`, which stops everybody but the administrator.
    def guarded(path: Path | str, **how: bool) -> os.stat_result:
        if str(path).startswith(f"{tmp_path}/locked/"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", guarded)
    named = name.format(tmp=tmp_path)
    monkeypatch.setenv(loading.EXTRA, os.pathsep.join([named, str(tmp_path / "many")]))
    odd, whole = loading.catalogue()
    assert odd.error.startswith(f"{loading.EXTRA} names {named}, which cannot be opened (")
    assert reason in odd.error
    assert odd.error.endswith("); correct it and start again.")
    assert whole.card is not None


def test_a_folder_whose_name_is_no_text_can_be_sent(
    make_checkpoint: MakeCheckpoint, models: Path
) -> None:
    real = make_checkpoint("named").rename(models / os.fsdecode(b"d\xffgits"))
    broken = make_checkpoint("broken").rename(models / os.fsdecode(b"b\xffoken"))
    (broken / "card.json").unlink()
    reason, named = loading.catalogue()
    assert (named.id, named.folder) == ("d\ufffdgits", real)
    assert named.card is not None
    assert "b\ufffdoken" in reason.error
    json.dumps(describe([reason, named]), ensure_ascii=False).encode("utf-8")


def test_a_repaired_permission_is_noticed(
    make_checkpoint: MakeCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_checkpoint("mine")

    def refuse(path: Path) -> None:
        raise CheckpointError(f"{path.name} cannot be read.")

    with monkeypatch.context() as locked:
        locked.setattr(loading, "read_card", refuse)
        assert loading.catalogue()[0].card is None
    card = folder / "card.json"
    before = card.stat().st_ctime_ns
    while card.stat().st_ctime_ns == before:  # the clock of the file system moves in steps
        card.chmod(0o600)
    assert loading.catalogue()[0].card is not None


def test_however_many_folders_there_are_each_is_read_once(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(300):
        (models / str(at)).mkdir()
        (models / str(at) / "card.json").touch()
    reads: list[Path] = []
    monkeypatch.setattr(loading, "read_card", reads.append)
    assert len(loading.catalogue()) == len(loading.catalogue()) == 300
    assert len(reads) == 300


def test_the_first_of_a_name_keeps_it(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, runs = tmp_path / "shipped", tmp_path / "runs"
    monkeypatch.setattr(loading, "SHIPPED", shipped)
    monkeypatch.setattr(loading, "RUNS", runs)
    make_checkpoint("digits", shipped)
    make_checkpoint("digits")
    make_checkpoint("digits", runs)
    make_checkpoint("digits", tmp_path / "other" / "runs")
    monkeypatch.setenv(
        loading.EXTRA,
        os.pathsep.join([os.environ[loading.EXTRA], str(tmp_path / "other" / "runs")]),
    )
    assert ids() == ["digits", "digits~models", "digits~runs", "digits~runs~2"]
    folders = {entry.id: entry.folder for entry in loading.catalogue()}
    assert folders["digits"] == shipped / "digits"


def test_what_is_named_at_the_start_heads_the_list_and_keeps_links_as_they_are(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, mine = tmp_path / "shipped", tmp_path / "mine"
    monkeypatch.setattr(loading, "SHIPPED", shipped)
    make_checkpoint("digits", shipped)
    make_checkpoint("digits", mine)
    make_checkpoint("other", mine)
    monkeypatch.setenv(loading.FIRST, str(mine / "digits"))
    assert ids() == ["digits~mine", "digits"]
    monkeypatch.setenv(loading.FIRST, str(mine))
    assert ids() == ["digits~mine", "other", "digits"]


def test_a_folder_named_twice_is_listed_once(
    make_checkpoint: MakeCheckpoint, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_checkpoint("once")
    monkeypatch.setenv(loading.EXTRA, os.pathsep.join([str(models), str(folder)]))
    assert ids() == ["once"]


def test_the_front_end_hears_addresses_below_the_base_path(
    make_checkpoint: MakeCheckpoint,
) -> None:
    make_checkpoint("a b")
    (listing,) = describe(loading.catalogue(), "/lab")
    assert listing["url"] == "/lab/checkpoints/a%20b/"
    assert listing["preview"] == "/lab/checkpoints/a%20b/preview.webp"
    assert listing["title"] == "Three latents"


def test_a_model_that_took_the_place_of_another_says_so(
    make_checkpoint: MakeCheckpoint, make_table: MakeCheckpoint
) -> None:
    """A row of a table names what it replaced; the checkpoint that it shows is the successor."""
    make_checkpoint("new")
    make_checkpoint("other")
    folder = make_table()
    table = read_table(folder)
    rows = [structs.replace(table.rows[0], formerly=("old", "older")), *table.rows[1:]]
    runs = [structs.replace(table.runs[0], checkpoint="new"), *table.runs[1:]]
    write_table(folder, structs.replace(table, rows=tuple(rows), runs=tuple(runs)))
    formerly = {listing["id"]: listing.get("formerly") for listing in describe(loading.catalogue())}
    assert formerly == {"new": ["old", "older"], "other": None}


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("checkout/assets/models/digits", "assets/models/digits"),
        ("elsewhere/runs/beta/mine", "runs/beta/mine"),
        ("secret place/mine", "mine"),
    ],
)
def test_a_visitor_hears_no_path_of_the_server(
    folder: str, path: str, make_checkpoint: MakeCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = make_checkpoint("digits").parent
    monkeypatch.setattr(loading, "SHIPPED", (place / "checkout/assets/models").resolve())
    monkeypatch.setattr(loading, "RUNS", place / "elsewhere/runs")
    there = place / folder
    there.parent.mkdir(parents=True)
    (place / "digits").rename(there)
    entry = loading.Entry("digits", there, loading.read_card(there), "")
    (listing,) = describe([entry])
    assert listing["path"] == path
    assert str(place) not in json.dumps(listing)


def test_tables_are_read_again_when_they_change(make_table: MakeCheckpoint) -> None:
    assert measured.tables() == ()
    folder = make_table("sprites")
    (loading.RESULTS / "no table").mkdir()
    (entry,) = measured.tables()
    assert entry.table is not None
    assert (entry.name, entry.error, len(entry.table.runs)) == ("sprites", "", 3)
    assert measured.find_table("sprites") is entry, "and not again when they do not"
    path = folder / "table.json"
    path.write_text(path.read_text("utf-8").replace("β = 4", "β is 4"), "utf-8")
    again = measured.find_table("sprites")
    assert again is not None
    assert again.table is not None
    assert again.table.rows[1].title == "β is 4"
    assert measured.find_table("no table") is None


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1}', "9" * 5000])
def test_a_table_that_cannot_be_read_is_one_sentence(
    make_table: MakeCheckpoint, content: str
) -> None:
    folder = make_table("sprites")
    (folder / "table.json").write_text(content)
    (entry,) = measured.tables()
    assert entry.table is None
    assert entry.error.startswith("sprites/table.json")
    assert entry.files() == {}
