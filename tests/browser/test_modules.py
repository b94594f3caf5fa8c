"""The modules that need no screen, called inside the browser."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from playwright.sync_api import Page

from explorer import state

LIMITS = {"latents": 2, "examples": 12, "title": "Blots", "factors": ["shape"]}
START: dict[str, Any] = {"z": [0, 0], "example": None, "locked": [], "temperature": 1}
START |= {"unfolded": False, "playing": None, "axes": "", "colour": "label", "slerp": False}
START |= {"pins": {"a": None, "b": None, "c": None}, "directions": []}


def call(page: Page, module: str, body: str, argument: Any = None) -> Any:
    return page.evaluate(
        f"async (given) => {{ const it = await import('/instrument/{module}'); {body} }}", argument
    )


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"z": [-1.234, 4.999]},
        {"example": 11, "locked": [1, 0], "temperature": 0.7, "unfolded": True},
        {"axes": "pca", "colour": "factor:shape", "slerp": True},
        {"axes": "umap"},
        {"axes": "z1,z0", "colour": "z1", "pins": {"a": [0.5, -1], "b": None, "c": [4.125, 0]}},
        {"directions": [{"name": "a: b; 7 → 1, ✓", "vector": [0.6, -0.8]}] * 2},
    ],
    ids=["start", "z", "everything", "map", "umap", "pins", "directions"],
)
def test_a_link_reads_back_what_it_was_written_from(module: Page, change: dict[str, Any]) -> None:
    state = {**START, **change}
    read = call(
        module,
        "link.js",
        "return it.readLink(it.writeLink({...given[0], model: 'blots'}), given[1])",
        [state, LIMITS],
    )

    assert read["problem"] is None
    assert {**START, **read["state"]} == state


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("z=1", "it has 1 value of z where Blots has 2 latents"),
        ("z=1,2,3", "it has 3 values of z where Blots has 2 latents"),
        ("z=NaN,0", "z has a value that is no number"),
        ("z=Infinity,0", "z has a value that is no number"),
        ("z=1e3,0", "z has a value that is no number"),
        ("z=,", "z has a value that is no number"),
        ("z=9,0", "z has a value beyond ±5"),
        ("z=0,0&example=12", "its test image does not exist here"),
        ("z=0,0&example=-1", "its test image does not exist here"),
        ("locked=0,7", "one of its locked latents does not exist here"),
        ("temperature=hot", "its temperature is no number"),
        ("temperature=99", "its temperature is off the scale"),
        ("axes=z0", "its map does not have two axes"),
        ("axes=z0,z2", "one of its map's axes does not exist here"),
        ("axes=tsne", "one of its map's axes is not known here"),
        ("colour=factor:hue", "the colour of its map is not known here"),
        ("a=1", "it has 1 value of pin A where Blots has 2 latents"),
        ("a=1,x", "pin A has a value that is no number"),
        ("directions=up:1,x", "a direction has a value that is no number"),
        ("directions=%E2%80%8B%20%E3%85%A4:1,0", "one of its directions has no name"),
        ("directions=up:3,4", "one of its directions is not of length 1"),
        ("directions=:1,0", "one of its directions has no name"),
        ("directions=%25E0%25A4%25A:1,0", "one of its directions has no name"),
        ("z=%00%ff<script>", "z has a value that is no number"),
        ("z=" + "1," * 20_000, "too long"),
    ],
)
def test_a_wrong_link_gives_one_sentence(module: Page, query: str, reason: str) -> None:
    read = call(module, "link.js", "return it.readLink(...given)", [query, LIMITS])

    assert reason in read["problem"]
    assert read["problem"].count(". ") == 0


@pytest.mark.parametrize(
    ("latents", "kept", "pins"),
    [(10, 12, "abc"), (300, 6, "abc"), (1024, 0, "a")],
    ids=["all", "some directions", "a pin"],
)
def test_a_link_leaves_out_what_it_has_no_room_for(
    module: Page, latents: int, kept: int, pins: str
) -> None:
    # A value of a code takes seven characters with its comma, one of a direction six.
    code = [-1.234] * latents
    vector = [-0.577] * 3 + [0.001] * (latents - 3)
    directions = [{"name": f"direction {at}", "vector": vector} for at in range(12)]
    change = {"z": code, "pins": dict.fromkeys("abc", code), "directions": directions}
    limits = {**LIMITS, "latents": latents}
    body = """
      const [state, limits] = given;
      const query = `?${it.writeLink({ ...state, model: "blots" })}`;
      const read = it.readLink(query, limits);
      return [query.length - 1, it.LONGEST_QUERY, it.linkedModel(query), read];
    """
    length, longest, model, read = call(module, "link.js", body, [{**START, **change}, limits])

    assert longest == state.LONGEST_QUERY
    assert length <= longest
    assert (model, read["problem"]) == ("blots", None)
    assert read["state"]["z"] == code
    assert len(read["state"].get("directions", [])) == kept
    assert [name for name in "abc" if read["state"]["pins"][name]] == list(pins)


HEADERS: dict[str, bytes] = {
    "is cut short": b"\x01\x02",
    "announces a header larger than the file": struct.pack("<Q", 2**60) + b"{}",
    "has a header that cannot be read": struct.pack("<Q", 2) + b"{!",
    "has no table of arrays": struct.pack("<Q", 4) + b"null",
}
ENTRIES: dict[str, Any] = {
    "in a number format that is not read here": {
        "dtype": "constructor",
        "shape": [1],
        "data_offsets": [0, 4],
    },
    "describes `mean` wrongly": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]},
    "has no room for `mean`": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]},
    "has no room for `mean` ": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
}


def _file(header: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    ("reason", "content"),
    [
        *HEADERS.items(),
        *((reason, _file({"mean": entry}, b"\0" * 8)) for reason, entry in ENTRIES.items()),
    ],
)
def test_hostile_codes_are_refused(module: Page, reason: str, content: bytes) -> None:
    body = """
      try { it.readSafetensors(new Uint8Array(given).buffer, "blots/codes.safetensors", ["mean"]); }
      catch (error) { return [error.name, error.message]; }
    """
    name, message = call(module, "checkpoint/safetensors.js", body, list(content))

    assert name == "InstrumentError"
    assert message.startswith("blots/codes.safetensors ")
    assert message.endswith(": run `python -m training embed FOLDER` again.")
    assert reason.strip() in message


def test_codes_are_read_from_any_place(module: Page) -> None:
    header = {
        "__metadata__": {"odd": "x"},
        "mean": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "label": {"dtype": "I32", "shape": [1], "data_offsets": [8, 12]},
    }
    content = _file(header, struct.pack("<ffi", 1.5, -2.0, 7))
    body = """
      const read = it.readSafetensors(new Uint8Array(given).buffer, "codes.safetensors",
        ["mean", "label", "umap"]);
      return [...read].map(([name, { shape, data }]) => [name, shape, [...data]]);
    """

    assert call(module, "checkpoint/safetensors.js", body, list(content)) == [
        ["mean", [2], [1.5, -2.0]],
        ["label", [1], [7]],
    ]


@pytest.mark.parametrize(
    "places",
    [[(0, 8), (0, 8)], [(0, 8), (4, 8)], [(4, 8), (0, 8)], [(0, 4), (0, 8)], [(0, 8), (2, 2)]],
)
def test_arrays_that_overlap_are_refused(module: Page, places: list[tuple[int, int]]) -> None:
    """Were each copied, a file of a few megabytes would take all memory there is."""
    header = {
        f"x{at}": {"dtype": "F32", "shape": [(to - from_) // 4], "data_offsets": [from_, to]}
        for at, (from_, to) in enumerate(places)
    }
    body = """
      try { it.readSafetensors(new Uint8Array(given).buffer, "codes.safetensors", []); }
      catch (error) { return error.message; }
    """
    message = call(module, "checkpoint/safetensors.js", body, list(_file(header, bytes(8))))
    assert "codes.safetensors holds arrays that overlap: run" in message


def test_what_is_not_asked_for_is_not_copied(module: Page) -> None:
    header = {
        "mean": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        "x\n`y`": {"dtype": "F8", "shape": [4], "data_offsets": [4, 8]},
        "more": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]},
    }
    body = """
      let copied = 0;
      class Counted extends ArrayBuffer {
        slice(from, to) { copied += to - from; return super.slice(from, to); }
      }
      const buffer = new Counted(given.length);
      new Uint8Array(buffer).set(given);
      return [[...it.readSafetensors(buffer, "codes.safetensors", ["mean"]).keys()], copied];
    """
    assert call(module, "checkpoint/safetensors.js", body, list(_file(header, bytes(12)))) == [
        ["mean"],
        4,
    ]


def test_history_forgets_what_was_undone_when_something_new_is_done(module: Page) -> None:
    body = """
      const history = it.createHistory(0, (a, b) => a === b);
      history.push(1); history.push(1); history.push(2);
      const back = [history.undo(), history.undo(), history.undo()];
      const forth = [history.redo()];
      history.push(5);
      return [back, forth, history.redo(), history.undo(), history.canRedo()];
    """

    assert call(module, "history.js", body) == [[1, 0, None], [1], None, 1, True]


def test_the_newest_value_wins(module: Page) -> None:
    body = """
      const seen = [], errors = [];
      const queue = it.newestWins(async (value) => {
        await null;
        seen.push(value);
        if (value === 1) throw new Error("kept going");
      }, (error) => errors.push(error.message));
      for (const value of [1, 2, 3, 4]) queue.request(value);
      await queue.settled();
      queue.request(5);
      await queue.settled();
      return [seen, errors];
    """

    assert call(module, "engine/scheduler.js", body) == [[1, 4, 5], ["kept going"]]


def test_long_work_hears_of_a_newer_value(module: Page) -> None:
    body = """
      const seen = [];
      const queue = it.newestWins(async (value, overtaken) => {
        seen.push([value, overtaken()]);
        await null;
        seen.push([value, overtaken()]);
      });
      queue.request(1);
      queue.request(2);
      await queue.settled();
      return seen;
    """

    assert call(module, "engine/scheduler.js", body) == [
        [1, False],
        [1, True],
        [2, False],
        [2, False],
    ]


@pytest.mark.parametrize(
    ("inputs", "images"),
    [("x", "[0, 0, 0, 0]"), ("z", "[0, 0]"), ("z", "[0, 0, 0, NaN]"), ("z", "null")],
    ids=["names", "size", "no numbers", "cannot run"],
)
def test_a_refused_decoder_is_let_go(module: Page, inputs: str, images: str) -> None:
    body = f"""
      let released = 0;
      const session = {{
        inputNames: ["{inputs}"],
        outputNames: ["mean"],
        async run() {{
          const data = Float32Array.from({images});
          return {{ mean: {{ type: "float32", dims: [data.length / 2, 1, 1, 2], data }} }};
        }},
        release: async () => void released++,
      }};
      const ort = {{ InferenceSession: {{ create: async () => session }}, Tensor: class {{}} }};
      const expected = {{ name: "blots", latents: 2, shape: [1, 1, 2] }};
      return it.openDecoder(ort, new Uint8Array(), expected)
        .catch((error) => [error.name, released]);
    """

    assert call(module, "engine/session.js", body) == ["InstrumentError", 1]


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (0, "0"),
        (1e-9, "0.001"),
        (0.0014, "0.002"),
        (0.0099, "0.010"),
        (0.014, "0.014"),
        (0.0141, "0.015"),
        (0.31, "0.31"),
        (3.14, "3.2"),
        (12, "12"),
    ],
)
def test_a_bound_is_never_below_its_value(module: Page, value: float, bound: str) -> None:
    assert call(module, "latents/rack.js", "return it.spellBound(given)", value) == bound


@pytest.mark.parametrize(
    ("value", "decimals", "spelled"),
    [(-2076.49, 1, "−2,076.5"), (1234567.891, 3, "1,234,567.891"), (-0.001, 2, "0.00")],
)
def test_a_figure_is_spelled_as_on_the_card(
    module: Page, value: float, decimals: int, spelled: str
) -> None:
    assert call(module, "dom.js", "return it.spell(...given)", [value, decimals]) == spelled


def test_kl_has_its_closed_form(module: Page) -> None:
    # KL(N(1, 1) ‖ N(0, 1)) is 1/2, and KL(N(0, e²) ‖ N(0, 1)) is (e² − 3) / 2.
    kl = call(module, "engine/gaussian.js", "return it.klNats([1, 0], [0, 2])")

    assert kl == pytest.approx(0.5 + (7.38905609893065 - 3) / 2, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("shape", 3, ["square", "ellipse", "heart"]),
        ("shape", 4, ["cube", "cylinder", "sphere", "capsule"]),
        ("shape", 2, ["0", "1"]),
        ("wall hue", 3, ["0", "1", "2"]),
    ],
)
def test_shapes_have_the_names_of_their_data(
    module: Page, name: str, size: int, expected: list[str]
) -> None:
    body = "return Array.from({ length: given.size }, (_, value) => it.valueName(given, value))"
    assert call(module, "map/colours.js", body, {"name": name, "size": size}) == expected
