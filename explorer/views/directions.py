"""The page where two groups of codes become a direction, and the direction a slider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from explorer import choosing, figures, grouping, latent, loading, pictures, state
from explorer.grouping import Naming
from explorer.latent import Array, Codes, Indices
from explorer.loading import Entry
from explorer.state import Group, Groups
from explorer.wording import MINUS, latent_name, plain
from training.contract.card import Card
from training.contract.errors import CheckpointError, UserError

# A browser draws and marks so many points at once without a pause.
MOST_POINTS = 10_000
# More rings than that are a blot.
MOST_RINGED = 30
MOST_SHOWN = 8
LONGEST_NAME = state.LONGEST_NAME
# What the field says, what a person wrote there, and what the groups suggest. The field forgets
# what it said whenever there is no direction to name.
NAME, GIVEN, SUGGESTED = "directions.name", "directions.given", "directions.suggested"
SCORE = "directions.score"
UMAP, PCA, LATENTS = "UMAP", "PCA", "Two latents"


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Directions", layout="wide")
    st.title("Directions")
    if not state.entries():
        st.markdown(loading.nothing_found())
        return
    st.markdown(
        "Draw around codes with the lasso, then pin them as A or B, or choose a whole class. "
        "The step from the mean of B to the mean of A is a direction, and becomes a slider of the "
        "instrument."
    )
    chart, panel = st.columns([3, 2], gap="large")
    with chart:
        row = st.container(horizontal=True, vertical_alignment="bottom")
        entry = choosing.model("directions", row)
        if entry is None:
            return
        try:
            if entry.card is None:
                raise CheckpointError(entry.error)
            if entry.card.examples is not None and not entry.card.size:
                raise CheckpointError(
                    f"{entry.card.title} has no latents, only codes that are counted: there is no "
                    "mean of a group, and so no direction."
                )
            codes = loading.codes(entry.folder, entry.card)
        except CheckpointError as error:
            st.markdown(plain(str(error)))
            return
    state.choose(entry.id)
    if state.shared().groups.model != entry.id:
        state.set_groups(Groups(entry.id))
        st.session_state[GIVEN] = ""
    namings = grouping.namings(entry.card, codes)
    with chart:
        selection = _map(row, entry, entry.card, codes, namings)
    with panel:
        for side in ("a", "b"):
            _group(side, entry, entry.card, codes, namings, selection)
        _direction(entry, codes)


def _map(row: Any, entry: Entry, card: Card, codes: Codes, namings: Sequence[Naming]) -> Indices:
    """Draw the map, and what it shows into `row`; return the codes that are marked on it."""
    points, axes = _points(row, card, codes)
    colouring = _colouring(row, namings)
    drawn = latent.thinned(len(points), MOST_POINTS)
    classes = _classes(colouring, drawn)
    groups = state.shared().groups
    ringed = [
        (name, _some(group.members[np.isin(group.members, drawn)], MOST_RINGED))
        for name, group in (("A", groups.a), ("B", groups.b))
        if group is not None
    ]
    colours = figures.palette(st.context.theme.type)
    event = st.plotly_chart(
        figures.code_map(points, classes, ringed, axes, colours),
        key=f"directions.map.{entry.id}",
        theme=None,
        on_select="rerun",
        selection_mode=("lasso", "box", "points"),
        config={
            "displaylogo": False,
            "displayModeBar": True,
            "scrollZoom": True,
            "modeBarButtonsToRemove": ["toImage", "autoScale2d", "zoomIn2d", "zoomOut2d"],
        },
    )
    if not codes.maps:
        st.caption(
            "This checkpoint has no map yet: run "
            f"`python -m training embed {plain(loading.path_of(entry.folder))}`."
        )
    if len(drawn) < len(points):
        st.caption(
            f"Every {len(points) / len(drawn):.3g}th of the {len(points):,} codes is drawn, and "
            "only drawn codes can be selected; a whole class has all of its codes."
        )
    return grouping.marked(event.selection.get("points", ()), [members for _, members in classes])


def _points(row: Any, card: Card, codes: Codes) -> tuple[Array, tuple[str, str] | None]:
    """Where the codes are drawn, (N, 2), and what the axes are."""
    latents = card.size
    maps = [name for name, key in ((UMAP, "umap"), (PCA, "pca")) if key in codes.maps]
    options = [*maps, *([LATENTS] if latents > 1 else [])] or [LATENTS]
    chosen = row.segmented_control(
        "Map", options, default=options[0], key="directions.axes", required=True
    )
    if chosen == UMAP:
        return codes.maps["umap"], None
    if chosen == PCA:
        return codes.maps["pca"], ("principal axis 1", "principal axis 2")
    by_kl = card.latents_by_kl()
    named = {"options": by_kl, "format_func": latent_name, "width": 90}
    x = row.selectbox("Across", **named, index=0, key="directions.x")
    y = row.selectbox("Up", **named, index=min(1, latents - 1), key="directions.y")
    return codes.mean[:, [x, y]], (latent_name(x), latent_name(y))


def _colouring(row: Any, namings: Sequence[Naming]) -> Naming | None:
    few = {naming.title: naming for naming in namings if len(naming.names) <= grouping.MOST_NAMES}
    if len(few) < 2:
        return next(iter(few.values()), None)
    return few[row.selectbox("Colour", list(few), key="directions.colour", width=140)]


def _classes(colouring: Naming | None, drawn: Indices) -> list[tuple[str, Indices]]:
    if colouring is None:
        return [("codes", drawn)]
    values = colouring.values[drawn]
    return [(plain_html(name), drawn[values == at]) for at, name in enumerate(colouring.names)]


def plain_html(text: str) -> str:
    """Text that Plotly shows as it is: it reads some markup, and %{…} as a place for a value."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("%{", "% {")[:40]


def _group(
    side: str,
    entry: Entry,
    card: Card,
    codes: Codes,
    namings: Sequence[Naming],
    selection: Indices,
) -> None:
    title = side.upper()
    group: Group | None = getattr(state.shared().groups, side)
    st.subheader(f"Group {title}", anchor=False)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.button(
        f"Pin as {title} ({len(selection):,})" if len(selection) else f"Pin as {title}",
        key=f"directions.take.{side}",
        width=165,
        disabled=not len(selection),
        help=None if len(selection) else "Draw around some codes on the map first.",
        on_click=_take,
        args=(side, Group(selection), namings),
    )
    names = {name: (naming, at) for naming in namings for at, name in enumerate(naming.names)}
    if names:
        key = f"directions.named.{side}"
        row.selectbox(
            f"Whole class for group {title}",
            list(names),
            index=None,
            key=key,
            placeholder="or a whole class",
            label_visibility="collapsed",
            width="stretch",
            on_change=_take_named,
            args=(side, key, names, namings),
        )
    if group is None:
        st.caption("No codes yet.")
        return
    st.markdown(grouping.described(group, namings))
    _members(entry, card, group)


def _take(side: str, group: Group | None, namings: Sequence[Naming]) -> None:
    groups = state.shared().groups
    state.set_groups(replace(groups, a=group) if side == "a" else replace(groups, b=group))
    if group is None or not group.picked:
        st.session_state[f"directions.named.{side}"] = None
    _suggest(namings)


def _take_named(
    side: str, key: str, names: Mapping[str, tuple[Naming, int]], namings: Sequence[Naming]
) -> None:
    name = st.session_state[key]
    if name is None:
        return _take(side, None, namings)
    naming, value = names[name]
    _take(side, Group(np.flatnonzero(naming.values == value), name), namings)


def _some(members: Indices, most: int) -> Indices:
    return members[latent.thinned(len(members), most)]


def _members(entry: Entry, card: Card, group: Group) -> None:
    shown = _some(group.members, MOST_SHOWN)
    try:
        picture, width = pictures.strip(entry.folder, card, shown.tolist())
    except pictures.PictureError as error:
        st.caption(f"{plain(str(error))}: run `python -m training embed` on its folder.")
        return
    st.image(picture, width=width)


def _suggest(namings: Sequence[Naming]) -> None:
    """Name the direction after its groups, unless a person has named it."""
    groups = state.shared().groups
    a, b = grouping.name_of(groups.a, namings), grouping.name_of(groups.b, namings)
    st.session_state[SUGGESTED] = f"{b or 'B'} → {a or 'A'}"[:LONGEST_NAME]
    st.session_state.pop(NAME, None)


def _keep_name() -> None:
    st.session_state[GIVEN] = st.session_state[NAME].strip()


def _direction(entry: Entry, codes: Codes) -> None:
    groups = state.shared().groups
    st.subheader("From B to A", anchor=False)
    if groups.a is None or groups.b is None:
        st.caption("Choose groups A and B to see the direction from B to A.")
        return
    a, b = groups.a.members, groups.b.members
    try:
        found = latent.direction(codes.mean, a, b)
        score = _score(codes, a, b)
    except UserError as error:
        st.markdown(plain(str(error)))
        return
    both = len(np.intersect1d(a, b))
    low, high = score.random_range
    st.markdown(
        f"Coherence **{_signed(score.value)}**. {_rank(score)} Random groups of these sizes have "
        f"{_signed(score.random_mean)} on average, 95 % of them {_signed(low)} to {_signed(high)}."
    )
    how = (
        f"Mean cosine between the directions b → a of {score.pairs:,} random pairs that share no "
        f"image, as Liu et al. (2019) score; the same for {len(score.random)} pairs of groups of "
        f"{len(a):,} and {len(b):,} codes drawn from all {len(codes.mean):,}. Seed {score.seed}."
    )
    row = st.container(horizontal=True, vertical_alignment="bottom")
    if NAME not in st.session_state:
        st.session_state[NAME] = st.session_state.get(GIVEN) or st.session_state.get(
            SUGGESTED, "B → A"
        )
    name = row.text_input(
        "Name", key=NAME, max_chars=LONGEST_NAME, width=240, on_change=_keep_name
    ).strip()
    wanted = row.button("Add as slider", type="primary", disabled=not name)
    colours = figures.palette(st.context.theme.type)
    st.plotly_chart(
        figures.coherence_scale(score.value, score.random, colours),
        key="directions.coherence",
        theme=None,
        config={"displayModeBar": False},
    )
    overlap = f" {both:,} codes are in both groups." if both else ""
    st.caption(
        "At 1 every image of A lies in the same direction from every image of B, at 0 in none. "
        f"{how} The means are {found.length:.2f} apart.{overlap}"
    )
    if not wanted:
        return
    measured = state.Measured(
        model=entry.id,
        name=name,
        vector=tuple(float(value) for value in found.vector.round(3)),
        coherence=score.value,
        random_mean=score.random_mean,
        random_low=low,
        random_high=high,
        groups=f"{len(a):,} × {len(b):,} codes",
        how=how,
    )
    try:
        state.add_direction(measured)
    except UserError as error:
        st.markdown(plain(str(error)))
        return
    st.switch_page("views/instrument.py")


def _score(codes: Codes, a: Indices, b: Indices) -> latent.Coherence:
    """The coherence of two groups, measured once: beside a million codes it takes seconds."""
    measured = (id(codes), a.tobytes(), b.tobytes())
    known: tuple[object, latent.Coherence] | None = st.session_state.get(SCORE)
    if known is None or known[0] != measured:
        with st.spinner("Comparing with random groups …"):
            known = st.session_state[SCORE] = (measured, latent.coherence(codes.mean, a, b))
    return known[1]


def _rank(score: latent.Coherence) -> str:
    draws = len(score.random)
    below = round(score.percentile / 100 * draws)
    if below == draws:
        return f"More coherent than all {draws} random pairs."
    return f"More coherent than {below} of {draws} random pairs."


def _signed(value: float) -> str:
    return f"{value + 0:.2f}".replace("-0.00", "0.00").replace("-", MINUS)


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
