"""Numbers to Plotly figures, by pure functions, in one palette safe for colour-blind eyes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.wording import latent_name

FONT = "'Source Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme: blue and orange of Okabe and Ito's set, and greys."""

    accent: str
    second: str
    quiet: str
    grid: str
    text: str
    paper: str
    classes: tuple[str, ...]


def _colours(written: str) -> tuple[str, ...]:
    return tuple(f"#{colour}" for colour in written.split())


LIGHT = Palette(
    accent="#0068a8",
    second="#b35900",
    quiet="#b4bcc6",
    grid="#e6e9ed",
    text="#4a535e",
    paper="#ffffff",
    # Those of the instrument's map (`web/map/colours.js`, which says how they were found).
    classes=_colours("a6960d 1b1cab 01a6a4 055f43 520842 e14c75 a97cfc 8f5f0f 0075ac 263e00"),
)
DARK = Palette(
    accent="#62b6ea",
    second="#f0a64a",
    quiet="#4d5661",
    grid="#2a3037",
    text="#b3bcc7",
    paper="#14171b",
    classes=_colours("feeb57 354afa 99fbf7 047250 8b5179 cc6b80 c9b2ff d7ab72 5391bb 638e27"),
)


def palette(theme: str | None) -> Palette:
    """The palette of Streamlit's theme type, 'light' or 'dark'."""
    return DARK if theme == "dark" else LIGHT


def kl_bars(kl_nats: Sequence[float], active: Sequence[bool], colours: Palette) -> go.Figure:
    """The mean KL of each latent, the largest first; inactive ones are grey and hatched."""
    order = sorted(range(len(kl_nats)), key=lambda latent: -kl_nats[latent])
    figure = go.Figure(layout=_layout(colours, height=280))
    for name, wanted, colour, shape in (
        ("active", True, colours.accent, ""),
        ("inactive", False, colours.quiet, "/"),
    ):
        chosen = [latent for latent in order if bool(active[latent]) is wanted]
        figure.add_bar(
            name=name,
            x=[latent_name(latent) for latent in chosen],
            y=[kl_nats[latent] for latent in chosen],
            marker={"color": colour, "pattern": {"shape": shape, "fgcolor": colours.text}},
            hovertemplate=f"%{{x}} · %{{y:.3f}} nats · {name}<extra></extra>",
            text=[_short(kl_nats[latent]) for latent in chosen],
            textposition="outside",
            cliponaxis=False,
        )
    figure.update_layout(bargap=0.35, showlegend=not all(active))
    figure.update_xaxes(categoryorder="array", categoryarray=[latent_name(i) for i in order])
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title="KL, nats", rangemode="tozero")
    return figure


def training_curve(
    steps: Sequence[int],
    train: Sequence[float],
    validation: Sequence[float],
    best_step: int,
    colours: Palette,
    unit: str = "nats",
) -> go.Figure:
    """Training and validation loss over steps, with the step whose weights were kept."""
    figure = go.Figure(layout=_layout(colours, height=320))
    for name, values, colour, dash in (
        ("training", train, colours.second, "dot"),
        ("validation", validation, colours.accent, "solid"),
    ):
        figure.add_scatter(
            name=name,
            x=list(steps),
            y=list(values),
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{name} · step %{{x:,}} · %{{y:.2f}} {unit}<extra></extra>",
        )
    kept = [pair for pair in zip(steps, validation, strict=True) if pair[0] == best_step]
    figure.add_scatter(
        name="kept",
        x=[step for step, _ in kept],
        y=[loss for _, loss in kept],
        mode="markers",
        marker={"color": colours.accent, "size": 10, "line": {"width": 2, "color": "white"}},
        hovertemplate=f"kept · step %{{x:,}} · %{{y:.2f}} {unit}<extra></extra>",
    )
    figure.update_xaxes(title="step", tickformat="~s", showgrid=False)
    figure.update_yaxes(title=f"loss, {unit}", range=_settled_range([*train, *validation]))
    return figure


def code_map(
    points: NDArray[np.floating],
    classes: Sequence[tuple[str, NDArray[np.integer]]],
    groups: Sequence[tuple[str, NDArray[np.integer]]],
    axes: tuple[str, str] | None,
    colours: Palette,
) -> go.Figure:
    """Codes as points to draw around: a trace for each class, then a ring for each group member.

    Args:
        points: (N, 2)
        classes: names, and which of the points are drawn in that colour
        groups: names, and which of the points are ringed
        axes: what the axes are; None where they mean nothing
        colours: the palette
    """
    figure = go.Figure(layout=_layout(colours, height=540))
    shown = sum(len(members) for _, members in classes)
    size = 7 if shown < 500 else 5 if shown < 3000 else 4
    for at, (name, members) in enumerate(classes):
        colour = colours.classes[at] if len(classes) <= len(colours.classes) else colours.accent
        # Not `scattergl`: its shaders are written by a compiler that a page must not run.
        figure.add_scatter(
            name=name,
            x=points[members, 0],
            y=points[members, 1],
            mode="markers",
            marker={"color": colour, "size": size, "opacity": 0.8},
            unselected={"marker": {"opacity": 0.12}},
            hovertemplate=f"{name}<extra></extra>",
        )
        if 1 < len(classes) <= len(colours.classes) and _is_place(points, members):
            # Which colour is which can be read where the points are.
            x, y = np.median(points[members], 0)
            figure.add_annotation(
                x=float(x),
                y=float(y),
                text=f"<b>{name}</b>",
                showarrow=False,
                bgcolor=colours.paper,
                opacity=0.85,
                borderpad=2,
            )
    # Filled with paper: a ring alone is lost on points of its own tone.
    for (name, members), symbol in zip(groups, ("circle", "square"), strict=False):
        # Not `scattergl`: its shaders are written by a compiler that a page must not run.
        figure.add_scatter(
            name=name,
            x=points[members, 0],
            y=points[members, 1],
            mode="markers",
            marker={
                "color": colours.paper,
                "size": size + 3,
                "symbol": symbol,
                "line": {"color": colours.text, "width": 1.5},
            },
            unselected={"marker": {"opacity": 1}},
            hoverinfo="skip",
        )
    figure.update_layout(
        dragmode="lasso",
        legend={"y": -0.01, "yanchor": "top", "x": 0, "xanchor": "left", "itemsizing": "constant"},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": colours.text, "activecolor": colours.accent},
        newselection={"line": {"color": colours.accent, "width": 2, "dash": "solid"}},
        showlegend=len(classes) + len(groups) > 1,
    )
    # A length is the same in every direction, as in the instrument.
    figure.update_yaxes(scaleanchor="x", scaleratio=1)
    if axes is None:
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
    else:
        figure.update_layout(legend={"y": -0.11})
        figure.update_xaxes(title={"text": axes[0], "standoff": 4})
        figure.update_yaxes(title=axes[1])
    return figure


def _is_place(points: NDArray[np.floating], members: NDArray[np.integer]) -> bool:
    """Whether a class is in one place, and not all over the map: its name can stand there."""
    if len(members) < 10:
        return False
    own, all_ = (np.abs(each - np.median(each, 0)).mean() for each in (points[members], points))
    return bool(own < 0.6 * all_)


def coherence_scale(
    value: float, random: Sequence[float] | NDArray[np.floating], colours: Palette
) -> go.Figure:
    """A score on a line, with the score of every pair of random groups as a tick."""
    figure = go.Figure(layout=_layout(colours, height=112))
    figure.add_scatter(
        name="random groups",
        x=list(random),
        y=[0] * len(random),
        mode="markers",
        marker={
            "symbol": "line-ns",
            "size": 16,
            "opacity": 0.5,
            "line": {"width": 1, "color": colours.text},
        },
        hovertemplate="random groups · %{x:.3f}<extra></extra>",
    )
    figure.add_scatter(
        name="these groups",
        x=[value],
        y=[0],
        mode="markers",
        marker={"symbol": "diamond", "size": 14, "color": colours.accent},
        hovertemplate="these groups · %{x:.3f}<extra></extra>",
    )
    low = min(-0.1, *(float(each) for each in random), value)
    figure.update_xaxes(range=[low - 0.03, 1.03], zeroline=True, zerolinecolor=colours.quiet)
    figure.update_xaxes(showgrid=False, tickformat=".1~f")
    figure.update_yaxes(visible=False, range=[-1, 1], fixedrange=True)
    figure.update_layout(
        margin={"t": 28, "b": 28},
        legend={"x": 0, "xanchor": "left", "y": 1.05, "yanchor": "bottom"},
    )
    return figure


def seed_points(
    rows: Sequence[tuple[str, Sequence[tuple[int, float]], Sequence[float]]],
    axis: str,
    colours: Palette,
) -> go.Figure:
    """What every seed gave, a line a row; its median is a tick, what papers print a diamond.

    Args:
        rows: name, seed and value of each run, published values; the first on top.
        axis: what the values are.
        colours: the palette
    """
    figure = go.Figure(layout=_layout(colours, height=96 + 34 * len(rows)))
    names = [name for name, _, _ in rows]
    seeds = [(name, seed, value) for name, runs, _ in rows for seed, value in runs]
    medians = [(name, statistics.median(v for _, v in runs)) for name, runs, _ in rows if runs]
    printed = [(name, value) for name, _, others in rows for value in others]
    figure.add_scatter(
        name="median",
        x=[value for _, value in medians],
        y=[name for name, _ in medians],
        mode="markers",
        marker={"symbol": "line-ns", "size": 20, "line": {"width": 3, "color": colours.quiet}},
        hovertemplate="%{y} · median %{x:.3f}<extra></extra>",
    )
    figure.add_scatter(
        name="a seed",
        x=[value for _, _, value in seeds],
        y=[name for name, _, _ in seeds],
        customdata=[seed for _, seed, _ in seeds],
        mode="markers",
        marker={"color": colours.accent, "size": 11, "opacity": 0.8},
        hovertemplate="%{y} · seed %{customdata} · %{x:.3f}<extra></extra>",
    )
    if printed:
        figure.add_scatter(
            name="published",
            x=[value for _, value in printed],
            y=[name for name, _ in printed],
            mode="markers",
            marker={
                "symbol": "diamond-open",
                "color": colours.second,
                "size": 13,
                "line": {"width": 2},
            },
            hovertemplate="%{y} · published %{x:.3f}<extra></extra>",
        )
    figure.update_xaxes(title=axis)
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], fixedrange=True)
    figure.update_layout(legend={"y": 1.02, "yanchor": "bottom"})
    return figure


def _settled_range(losses: Sequence[float]) -> list[float] | None:
    """Enough of the axis to see the loss settle: the first steep fall may leave the frame."""
    if len(losses) < 40:
        return None
    ordered = sorted(losses)
    low, typical = ordered[0], ordered[int(0.9 * (len(ordered) - 1))]
    margin = 0.08 * ((typical - low) or 1.0)
    return [low - margin, typical + margin]


def _layout(colours: Palette, height: int) -> go.Layout:
    axis = {"gridcolor": colours.grid, "zeroline": False, "ticks": "", "automargin": True}
    return go.Layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        font={"family": FONT, "color": colours.text, "size": 14},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis=axis,
        yaxis=axis,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.12},
        dragmode=False,
    )


def _short(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
