"""The model card: what a checkpoint is, how it was trained, and how each number came about."""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import streamlit as st
from PIL import Image

from explorer import loading, state
from explorer.loading import Entry
from training.card import CARD, PREVIEW, Card, Metric, Provenance
from training.config import to_json

PICKER = "card.model"


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Model card", layout="centered")
    entries = {entry.id: entry for entry in loading.catalogue()}
    if not entries:
        st.title("Model card")
        st.markdown(loading.nothing_found())
        return
    chosen = _pick(entries)
    if chosen is None:
        return
    if chosen.card is None:
        st.title(_plain(chosen.id))
        st.markdown(_plain(chosen.error))
        st.caption(f"The folder is {_plain(str(chosen.folder))}.")
        return
    state.choose(chosen.id)
    _draw(chosen, chosen.card)


def _pick(entries: dict[str, Entry]) -> Entry | None:
    """A picker, which starts at the model of the address, of the instrument, or the first."""
    asked = st.query_params.get("model")
    if PICKER not in st.session_state:
        start = asked or state.shared().position.model or _first(entries)
        st.session_state[PICKER] = start if start in entries else None
        if start not in entries:
            st.title("No such model")
            st.markdown(
                f"The link asks for the model “{_plain(start)}”, which is not here: choose another "
                f"below, or set `{loading.EXTRA}` to the folder that has it and start again."
            )
    row = st.container(horizontal=True, vertical_alignment="bottom")
    chosen: str | None = row.selectbox(
        "Model",
        list(entries),
        format_func=_names(entries).__getitem__,
        key=PICKER,
        width=320,
        placeholder="Choose a model",
    )
    if chosen is None:
        return None
    row.page_link("views/instrument.py", label="Open in the instrument", icon=":material/tune:")
    st.query_params["model"] = chosen
    return entries[chosen]


def _first(entries: dict[str, Entry]) -> str:
    return next((entry.id for entry, _ in loading.usable(entries.values())), next(iter(entries)))


def _names(entries: dict[str, Entry]) -> dict[str, str]:
    """What the picker calls each entry. No two alike: Streamlit tells options apart by name."""
    titles = Counter(entry.card.title for entry in entries.values() if entry.card is not None)
    names = {}
    for id, entry in entries.items():
        if entry.card is None:
            names[id] = f"{id} (cannot be used)"
        elif titles[entry.card.title] > 1:
            names[id] = f"{entry.card.title} ({id})"
        else:
            names[id] = entry.card.title
    return names


def _draw(entry: Entry, card: Card) -> None:
    st.title(_plain(card.title))
    st.caption(_plain(card.summary))
    st.markdown(_plain(card.intent))
    st.image(_enlarged(entry.folder / PREVIEW), width="stretch")
    st.caption("Decoded: a row for each of the latents with most KL, from z = −2.5 to 2.5.")
    _metrics(card.metrics)
    _latents(card)
    _training(card)
    _data(card)
    _files(entry, card)


def _metrics(metrics: tuple[Metric, ...]) -> None:
    st.header("What it reaches")
    for metric in metrics:
        number, story = st.columns([1, 2], gap="medium")
        number.metric(_plain(metric.label), f"{_number(metric.value)} {metric.unit}")
        story.markdown(_plain(metric.how))
        story.caption(_provenance(metric))


def _latents(card: Card) -> None:
    # Plotly takes longer to import than this page takes to draw, so only this page waits for it.
    from explorer import figures

    st.header("What each latent carries")
    colours = figures.palette(st.context.theme.type)
    figure = figures.kl_bars(
        [latent.kl_nats for latent in card.latents],
        [latent.active for latent in card.latents],
        colours,
    )
    _chart(figure, "card.kl")
    st.caption(f"{_plain(card.latents_provenance.how)} {_provenance(card.latents_provenance)}.")


def _training(card: Card) -> None:
    from explorer import figures

    run, colours = card.training, figures.palette(st.context.theme.type)
    st.header("How it was trained")
    st.code(card.command, language="bash", wrap_lines=True)
    st.markdown(
        f"{run.images:,} images in {run.steps:,} steps, {_duration(run.seconds)} on "
        f"{_plain(run.hardware)} ({_plain(run.device)}, {_plain(run.precision)}). The weights of "
        f"step {run.best_step:,} were kept, where the validation loss was lowest."
    )
    figure = figures.training_curve(
        [point.step for point in run.history],
        [point.train_loss_nats for point in run.history],
        [point.validation_loss_nats for point in run.history],
        run.best_step,
        colours,
    )
    _chart(figure, "card.curve")
    with st.expander("Whole configuration"):
        rows = _flatten(to_json(card.config))
        st.markdown(
            _table(("Setting", "Value"), {_plain(k): _plain(str(v)) for k, v in rows.items()})
        )


def _data(card: Card) -> None:
    data = card.data
    st.header("What it was trained on")
    splits = ", ".join(f"{count:,} {_plain(name)}" for name, count in data.splits.items())
    rows = {"Images": splits, "Source": _plain(data.source), "Licence": _plain(data.licence)}
    if data.factors is not None:
        named = (f"{factor.name} ({factor.size})" for factor in data.factors)
        rows["Factors"] = _plain(", ".join(named))
    if data.labels is not None:
        rows["Labels"] = _plain(", ".join(data.labels))
    # In four parts, so that a narrow screen can break the line.
    rows["SHA-256"] = " ".join(f"`{data.sha256[at : at + 16]}`" for at in range(0, 64, 16))
    st.markdown(_table(("Data", _plain(data.name)), rows))


def _files(entry: Entry, card: Card) -> None:
    st.header("What is in the folder")
    st.markdown("\n".join(_file_rows(card)))
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    st.caption(f"Made with {_plain(versions)}. The whole hashes are in card.json.")
    st.download_button(
        "Download card.json",
        lambda: (entry.folder / CARD).read_bytes(),
        file_name=f"{entry.id}.card.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
    )


def _file_rows(card: Card) -> list[str]:
    rows = ["| File | Size | SHA-256 |", "|:--|--:|:--|"]
    for name, file in card.files.items():
        rows.append(f"| {_plain(name)} | {_size(file.bytes)} | `{file.sha256[:16]}…` |")
    return rows


def _chart(figure: Any, key: str) -> None:
    st.plotly_chart(figure, key=key, theme=None, config={"displayModeBar": False})


def _enlarged(path: Path) -> bytes:
    """The picture three times as large, its pixels still square."""
    with Image.open(path) as picture:
        large = picture.resize((picture.width * 3, picture.height * 3), Image.Resampling.NEAREST)
    stream = BytesIO()
    large.save(stream, "PNG")
    return stream.getvalue()


def _table(head: tuple[str, str], rows: dict[str, str]) -> str:
    lines = [head, (":--", ":--"), *rows.items()]
    return "\n".join(f"| {left} | {right} |" for left, right in lines)


def _flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = ", ".join(map(str, value)) if isinstance(value, list) else value
    return flat


def _provenance(number: Metric | Provenance) -> str:
    split = _plain(number.split.capitalize())
    return f"{split} split · {number.samples:,} images · seed {number.seed}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _plain(text: str) -> str:
    """Text of a card as text: whoever made the card cannot place pictures or links here."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~$:\-])", r"\\\1", " ".join(text.split()))


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
