"""Numbers to Plotly figures, by pure functions, in one palette safe for colour-blind eyes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

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


LIGHT = Palette(
    accent="#0068a8",
    second="#b35900",
    quiet="#b4bcc6",
    grid="#e6e9ed",
    text="#4a535e",
)
DARK = Palette(
    accent="#62b6ea",
    second="#f0a64a",
    quiet="#4d5661",
    grid="#2a3037",
    text="#b3bcc7",
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
    title: str = "loss",
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
    figure.update_yaxes(title=f"{title}, {unit}", range=_settled_range([*train, *validation]))
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
