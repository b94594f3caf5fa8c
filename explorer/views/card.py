"""The model card: what a checkpoint is, how it was trained, and how each number came about."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from explorer import choosing, loading, pictures, state
from explorer.loading import Entry
from explorer.meanings import meaning
from explorer.wording import duration, latent_name, measured_on, number, plain, size, table
from training.contract.card import CARD, PREVIEW, Card
from training.contract.maps import Map
from training.contract.measurements import Metric, Provenance

READ_WIDE = 880  # pixels

PIXELS = {
    "grey": "as they are",
    "binarized": "each pixel drawn white with its grey level as the probability, anew every time",
    "dequantized": "uniform noise of one grey level added, anew every time",
}


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Model card", layout="wide")
    if not state.entries():
        st.title("Model card")
        st.markdown(loading.nothing_found())
        return
    chosen = choosing.model("card")
    if chosen is None:
        return
    if chosen.card is None:
        st.markdown(plain(chosen.error))
        st.caption(f"The folder is {plain(loading.sendable(str(chosen.folder)))}.")
        return
    state.choose(chosen.id)
    _draw(chosen, chosen.card)


def _draw(entry: Entry, card: Card) -> None:
    # As wide as one reads text, at the margin of every page.
    with st.container(width=READ_WIDE):
        _describe(entry, card)


def _describe(entry: Entry, card: Card) -> None:
    st.markdown(plain(card.intent))
    _preview(entry, card)
    st.header("Scores")
    _metrics(card.metrics)
    _map(card.map)
    _latents(card)
    _training(card)
    _data(card)
    _files(entry, card)


def _preview(entry: Entry, card: Card) -> None:
    if PREVIEW not in card.files:
        return
    try:
        _, height, width = card.shape
    except ValueError:  # It makes text.
        return
    try:
        picture, rows = pictures.preview(entry.folder / PREVIEW, height, width)
    except pictures.PictureError as error:
        st.caption(f"{plain(str(error))}: copy the folder again, or train it again.")
        return
    st.image(picture, width="stretch", alt=f"Images that {card.title} makes")
    if not card.latents:
        return
    names = ", ".join(map(latent_name, card.latents_by_kl()[:rows]))
    if any(latent.kl_nats is None for latent in card.latents):
        along = (
            "from 2.5 standard deviations below the mean of its codes to 2.5 above, the others at "
            "theirs"
        )
    else:
        along = "from −2.5 to 2.5 with the others at 0"
    st.caption(f"Decoded from the top: {names}, each {along}.")


def _metrics(metrics: tuple[Metric, ...]) -> None:
    for metric in metrics:
        figure, story = st.columns([1, 2], gap="medium")
        figure.metric(plain(metric.label), number(metric.value, metric.unit))
        says = meaning(metric.name)
        if says:
            story.markdown(says)
        best = metric.perfect
        perfect = (
            "" if best is None else f" · a perfect model would get {number(best, metric.unit)}"
        )
        story.caption(f"{plain(metric.how)} {_provenance(metric)}{perfect}")


def _map(map: Map | None) -> None:
    if map is None:
        return
    st.header("How faithful its map is")
    _metrics(map.metrics)
    umap = map.umap
    settings = f"n_neighbors {umap.n_neighbors:g}, min_dist {umap.min_dist:g}, seed {umap.seed:g}"
    names = ", ".join(latent_name(latent) for latent in map.latents)
    st.caption(
        f"UMAP with {settings}, over {names}. The two principal axes "
        f"explain {map.pca.explained[0]:.0%} and {map.pca.explained[1]:.0%} of the variance."
    )


def _latents(card: Card) -> None:
    # Plotly takes longer to import than this page takes to draw, so only this page waits for it.
    from explorer import figures

    kl_nats = [latent.kl_nats for latent in card.latents if latent.kl_nats is not None]
    if card.latents_provenance is None or len(kl_nats) < len(card.latents):
        return
    st.header("What each latent carries")
    colours = figures.palette(st.context.theme.type)
    figure = figures.kl_bars(
        kl_nats,
        [latent.active for latent in card.latents],
        colours,
    )
    _chart(figure, "card.kl")
    st.caption(f"{plain(card.latents_provenance.how)} {_provenance(card.latents_provenance)}.")


def _training(card: Card) -> None:
    from explorer import figures

    run, colours = card.training, figures.palette(st.context.theme.type)
    st.header("How it was trained")
    if run is None:
        st.markdown("The card does not say.")
        return
    if run.command:
        st.code(run.command, language="bash", wrap_lines=True)
    st.markdown(
        f"{run.images:,} images in {run.steps:,} steps, {duration(run.seconds)} on "
        f"{plain(run.hardware)} ({plain(run.device)}, {plain(run.precision)}). The weights of "
        f"step {run.best_step:,} were kept, where the validation {plain(run.loss_name)} was lowest."
    )
    if run.history:
        figure = figures.training_curve(
            [point.step for point in run.history],
            [point.train_loss for point in run.history],
            [point.validation_loss for point in run.history],
            run.best_step,
            colours,
            escape(run.loss_unit),
            escape(run.loss_name),
        )
        _chart(figure, "card.curve")
    if run.configuration is None:
        return
    with st.expander("Full configuration"):
        rows = _flatten(run.configuration)
        st.markdown(table(("Setting", "Value"), {plain(k): plain(str(v)) for k, v in rows.items()}))


def _data(card: Card) -> None:
    data = card.data
    st.header("What it was trained on")
    splits = ", ".join(f"{count:,} {plain(name)}" for name, count in data.splits.items())
    rows = {"Images": splits, "Source": plain(data.source), "Licence": plain(data.licence)}
    rows["Grey levels"] = PIXELS[data.pixels]
    if data.factors is not None:
        named = (f"{factor.name} ({factor.size})" for factor in data.factors)
        rows["Factors"] = plain(", ".join(named))
    if data.labels is not None:
        rows["Labels"] = plain(", ".join(data.labels))
    # In four parts, so that a narrow screen can break the line.
    if data.sha256 is not None:
        pieces = (data.sha256[at : at + 16] for at in range(0, len(data.sha256), 16))
        rows["SHA-256"] = " ".join(f"`{piece}`" for piece in pieces)
    st.markdown(table(("Data", plain(data.name)), rows))
    examples = card.examples
    if examples is not None:
        st.caption(
            f"The instrument has {examples.count} images of the {plain(examples.split)} split. "
            f"Their codes: {plain(examples.how)}"
        )


def _files(entry: Entry, card: Card) -> None:
    st.header("What is in the folder")
    st.markdown("\n".join(_file_rows(card)))
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    made = f"Made with {plain(versions)}. " if versions else ""
    st.caption(f"{made}The full hashes are in card.json.")
    try:
        content = (entry.folder / CARD).read_bytes()
    except OSError:  # The folder went while the page was drawn.
        return
    st.download_button(
        "Download card.json",
        content,
        file_name=f"{entry.id}.card.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
    )


def _file_rows(card: Card) -> list[str]:
    rows = ["| File | Size | SHA-256 |", "|:--|--:|:--|"]
    for name, file in card.files.items():
        rows.append(f"| {plain(name)} | {size(file.bytes)} | `{file.sha256[:12]}…` |")
    return rows


def _chart(figure: Any, key: str) -> None:
    st.plotly_chart(figure, key=key, theme=None, config={"displayModeBar": False})


def _flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = ", ".join(map(str, value)) if isinstance(value, tuple) else value
    return flat


def _provenance(measured: Metric | Provenance) -> str:
    return f"{measured_on(measured)} · seed {measured.seed}"


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
