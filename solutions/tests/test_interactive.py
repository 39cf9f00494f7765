"""Figures with sliders: what they promise to the browser is what Matplotlib draws."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from bayescnn.interactive import Interactive, Panel, Series, Slider

TIMES = np.linspace(0, 1, 5)


def figure(**changes: object) -> Interactive:
    """Two sliders; a curve that depends on both of them, points on one, a band on none."""
    parts: dict[str, object] = {
        "alt": "A curve that is moved by two sliders, with a band below it.",
        "sliders": [Slider("a", "factor", ["1", "2", "3"], 1), Slider("b", "shift", ["0", "5"])],
        "panels": [
            Panel(
                [
                    Series("line", TIMES, [[k * TIMES + s for s in (0, 5)] for k in (1, 2, 3)],
                           over=["a", "b"], label="curve"),
                    Series("points", [[1.0], [2.0], [3.0]], [0.5], x_over=["a"]),
                    Series("band", TIMES, TIMES - 1, TIMES, opacity=0.3),
                ],
                (0.01, 10), (0, 10), "time", "height", xscale="log",
            )
        ],
        "texts": ["one", "two", "three </script>"],
        "text_over": ["a"],
    }  # fmt: skip
    return Interactive(**{**parts, **changes})  # type: ignore[arg-type]


def test_data_holds_every_position() -> None:
    data = figure().data()
    curve, points, band = data["panels"][0]["series"]
    assert curve["y"][2][1] == (3 * TIMES + 5).tolist()
    assert points["x"] == [[1.0], [2.0], [3.0]] and points["x_over"] == ["a"]
    assert band["y2"] == TIMES.tolist()
    assert data["sliders"][0] == {
        "name": "a", "label": "factor", "positions": ["1", "2", "3"], "start": 1,
    }  # fmt: skip
    assert [tick for tick in data["panels"][0]["xticks"] if tick[0] == 0.1] == [[0.1, "10⁻¹"]]


@pytest.mark.parametrize(("at", "height"), [({}, 2.0), ({"a": 2}, 3.0), ({"a": 0, "b": 1}, 6.0)])
def test_picture_shows_a_position(at: dict[str, int], height: float) -> None:
    (axes,) = figure().picture(**at).axes
    assert axes.lines[0].get_ydata()[-1] == height


def test_page_holds_picture_and_data() -> None:
    page = figure()._repr_html_()
    assert 'alt="A curve that is moved by two sliders, with a band below it."' in page
    (held,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(held)["texts"][2] == "three </script>"


def test_what_is_no_number_becomes_null() -> None:
    panel = Panel([Series("line", [1, 2], [np.nan, np.inf])], (0, 1), (0, 1))
    series = figure(panels=[panel]).data()["panels"][0]["series"][0]
    assert series["y"] == [None, None]


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (Series("line", TIMES, TIMES, over=["a"]), r"y has shape \(5,\)"),
        (Series("line", TIMES, [TIMES] * 3, over=["c"]), "depends on 'c'; the sliders are a, b"),
        (Series("band", TIMES, TIMES, [TIMES]), r"y2 has shape \(1, 5\)"),
        (Series("line", [TIMES] * 3, TIMES), r"x has shape \(3, 5\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(series: Series, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        figure(panels=[Panel([series], (0, 1), (0, 1))])
