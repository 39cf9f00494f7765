"""Figures with sliders for the book: drawn by Matplotlib, moved by a few lines of JavaScript.

A figure is described once, as panels of series whose values depend on sliders. Every value at
every position of a slider is computed here, in Python, by the course's library; the browser
(``book/_static/interactive.js``) only picks the numbers that belong to a position and draws them.
Where no JavaScript runs (print, JupyterLab, a reader who has switched it off) there remains
Matplotlib's picture of the sliders' first position.
"""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from bayescnn.plots import BLUE, STYLE

Kind = Literal["line", "points", "band", "bars", "whiskers"]
WIDTH, HEIGHT = 7.0, 3.6  # inches, of the picture
DIGITS = 4  # significant, of the numbers sent to the browser: a pixel is coarser


@dataclass(frozen=True)
class Slider:
    """A quantity that the reader moves.

    Attributes:
        name: by which series refer to it.
        label: what stands beside it; plain text.
        positions: what is shown for each position, such as ``["0.1 / N", "1 / N"]``.
        start: the position at first, and in the picture.
    """

    name: str
    label: str
    positions: Sequence[str]
    start: int = 0


@dataclass(frozen=True)
class Series:
    """Something drawn in a panel, whose coordinates may depend on sliders.

    ``x`` has the shape (positions of each slider in ``x_over`` …, m), and so have the others with
    ``over``. NaN interrupts a line.

    Attributes:
        kind: "line"; "points"; "band", between ``y`` and ``y2``; "bars", from 0 to ``y``;
            "whiskers", vertical intervals from ``y`` to ``y2``.
        x: horizontal coordinates.
        y: vertical coordinates.
        y2: the other end of bands and whiskers.
        over: the sliders that ``y`` and ``y2`` depend on.
        x_over: the sliders that ``x`` depends on.
        colour: any that Matplotlib and CSS know.
        label: in the legend; none without.
        dashed: whether a line is.
        opacity: 0 to 1.
        size: of points (their diameter) and lines (their width), in points of 1/72 inch.
    """

    kind: Kind
    x: ArrayLike
    y: ArrayLike
    y2: ArrayLike | None = None
    over: Sequence[str] = ()
    x_over: Sequence[str] = ()
    colour: str = BLUE
    label: str | None = None
    dashed: bool = False
    opacity: float = 1.0
    size: float = 2.0


@dataclass(frozen=True)
class Panel:
    """Axes with what is drawn in them; labels are plain text, for no browser sets TeX in a drawing.

    Attributes:
        series: drawn in this order.
        xlim, ylim: ends of the axes.
        xlabel, ylabel: their names.
        xscale, yscale: "linear" or "log".
        equal: whether a unit is as long on both axes.
        xticks: {place: label} instead of numbers, such as the names of classes.
    """

    series: Sequence[Series]
    xlim: tuple[float, float]
    ylim: tuple[float, float]
    xlabel: str = ""
    ylabel: str = ""
    xscale: Literal["linear", "log"] = "linear"
    yscale: Literal["linear", "log"] = "linear"
    equal: bool = False
    xticks: Mapping[float, str] | None = None


@dataclass(frozen=True)
class Interactive:
    """A figure with sliders; the last line of a cell shows it.

    Attributes:
        alt: the picture in words, for who does not see it.
        sliders: one to three.
        panels: one, or several side by side.
        texts: sentences below the figure, of the shape (positions of each slider in
            ``text_over`` …); what the figure says at each position, in words and numbers.
        text_over: the sliders that ``texts`` depends on.

    Raises:
        ValueError: a series' shape does not fit its sliders, or names a slider that is not there.
    """

    alt: str
    sliders: Sequence[Slider]
    panels: Sequence[Panel]
    texts: Any = ""
    text_over: Sequence[str] = ()

    def __post_init__(self) -> None:
        lengths = {slider.name: len(slider.positions) for slider in self.sliders}
        for panel in self.panels:
            for series in panel.series:
                _check_shape("x", series.x, series.x_over, lengths, 1)
                _check_shape("y", series.y, series.over, lengths, 1)
                if series.y2 is not None:
                    _check_shape("y2", series.y2, series.over, lengths, 1)
        _check_shape("texts", self.texts, self.text_over, lengths, 0)

    def picture(self, **positions: int) -> Figure:
        """Draw the figure at some position of its sliders.

        Args:
            **positions: of the sliders, by name; those left out stand where they start.
        """
        at = {slider.name: slider.start for slider in self.sliders} | positions
        with matplotlib.rc_context(STYLE):
            figure = Figure(figsize=(WIDTH, HEIGHT), dpi=STYLE["figure.dpi"], layout="constrained")
            all_axes = figure.subplots(1, len(self.panels), squeeze=False)[0]
        for axes, panel in zip(all_axes, self.panels, strict=True):
            _draw(axes, panel, at)
        return figure

    def data(self) -> dict[str, Any]:
        """What the browser needs, as plain data: numbers, texts, lists and dicts of these."""
        figure = self.picture()
        figure.draw_without_rendering()  # type: ignore[no-untyped-call]  # settles the ticks
        return {
            "sliders": [
                {
                    "name": slider.name,
                    "label": slider.label,
                    "positions": list(slider.positions),
                    "start": slider.start,
                }
                for slider in self.sliders
            ],
            "panels": [
                _panel_data(panel, axes)
                for panel, axes in zip(self.panels, figure.axes, strict=True)
            ],
            "texts": self.texts if isinstance(self.texts, str) else np.asarray(self.texts).tolist(),
            "text_over": list(self.text_over),
        }

    def _repr_html_(self) -> str:
        buffer = io.BytesIO()
        self.picture().savefig(buffer, format="png", bbox_inches="tight")
        picture = base64.b64encode(buffer.getvalue()).decode()
        data = json.dumps(self.data(), separators=(",", ":")).replace("</", "<\\/")
        return (
            '<div class="interactive">'
            f'<img src="data:image/png;base64,{picture}" alt="{html.escape(self.alt)}">'
            f'<script type="application/json">{data}</script>'
            "</div>"
        )


def _check_shape(
    what: str, values: Any, over: Sequence[str], lengths: Mapping[str, int], inner: int
) -> None:
    """Raise ValueError where an array has not one axis for each of its sliders."""
    unknown = [name for name in over if name not in lengths]
    if unknown:
        raise ValueError(f"{what} depends on {unknown[0]!r}; the sliders are {', '.join(lengths)}")
    shape, wanted = np.shape(values), tuple(lengths[name] for name in over)
    if shape[: len(over)] != wanted or len(shape) != len(over) + inner:
        raise ValueError(
            f"{what} has shape {shape}; over the sliders {tuple(over)} it should be "
            f"{(*wanted, 'm')[: len(wanted) + inner]}"
        )


def _at(values: ArrayLike, over: Sequence[str], at: Mapping[str, int]) -> Any:
    """The values that belong to a position of the sliders."""
    return np.asarray(values)[tuple(at[name] for name in over)]


def _draw(axes: Axes, panel: Panel, at: Mapping[str, int]) -> None:
    """Draw a panel with Matplotlib."""
    for series in panel.series:
        x, y = _at(series.x, series.x_over, at), _at(series.y, series.over, at)
        y2: Any = None if series.y2 is None else _at(series.y2, series.over, at)
        style: dict[str, Any] = {
            "color": series.colour,
            "alpha": series.opacity,
            "label": series.label,
        }
        if series.kind == "line":
            axes.plot(x, y, "--" if series.dashed else "-", lw=series.size, **style)
        elif series.kind == "points":
            axes.plot(x, y, "o", markersize=series.size, **style)
        elif series.kind == "band":
            axes.fill_between(x, y, y2, lw=0, **style)
        elif series.kind == "bars":
            axes.bar(x, y, **style)
        else:
            axes.vlines(x, y, y2, lw=series.size, **style)
    axes.set(
        xlim=panel.xlim, ylim=panel.ylim, xlabel=panel.xlabel, ylabel=panel.ylabel,
        xscale=panel.xscale, yscale=panel.yscale,
    )  # fmt: skip
    axes.minorticks_off()
    if panel.xticks is not None:
        axes.set_xticks(list(panel.xticks), list(panel.xticks.values()))
    if panel.equal:
        axes.set_aspect("equal")
    if any(series.label for series in panel.series):
        axes.legend(frameon=False, fontsize=9)


def _panel_data(panel: Panel, axes: Axes) -> dict[str, Any]:
    """A panel as plain data; the ticks are those that Matplotlib chose."""

    def ticks(places: ArrayLike, labels: Sequence[Any], limits: tuple[float, float]) -> list[Any]:
        low, high = min(limits), max(limits)
        texts = [_plain_text(label.get_text()) for label in labels]
        both = zip(np.asarray(places).tolist(), texts, strict=True)
        return [[_short(place), text] for place, text in both if low <= place <= high and text]

    return {
        "xlim": list(panel.xlim),
        "ylim": list(panel.ylim),
        "xlabel": panel.xlabel,
        "ylabel": panel.ylabel,
        "xscale": panel.xscale,
        "yscale": panel.yscale,
        "equal": panel.equal,
        "xticks": ticks(axes.get_xticks(), axes.get_xticklabels(), panel.xlim),
        "yticks": ticks(axes.get_yticks(), axes.get_yticklabels(), panel.ylim),
        "series": [
            {
                "kind": series.kind,
                "x": _numbers(series.x),
                "y": _numbers(series.y),
                "y2": None if series.y2 is None else _numbers(series.y2),
                "over": list(series.over),
                "x_over": list(series.x_over),
                "colour": series.colour,
                "label": series.label,
                "dashed": series.dashed,
                "opacity": series.opacity,
                "size": series.size,
            }
            for series in panel.series
        ],
    }


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _plain_text(label: str) -> str:
    r"""A tick's label without TeX: ``$\mathdefault{10^{-2}}$`` is 10⁻²."""
    if not label.startswith("$"):
        return label
    inner = label.strip("$").removeprefix("\\mathdefault{").removesuffix("}")
    base, _, exponent = inner.partition("^")
    return base + exponent.strip("{}").replace("−", "-").translate(_SUPERSCRIPTS)


def _short(value: float) -> float | None:
    """A number to a few digits; None for what is no number."""
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None


def _numbers(values: ArrayLike) -> Any:
    """Nested lists of short numbers."""
    array = np.asarray(values, dtype=float)
    return [_numbers(row) for row in array] if array.ndim > 1 else [_short(v) for v in array]
