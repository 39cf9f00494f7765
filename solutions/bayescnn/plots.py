"""Figures of the course: one function per figure, each takes plain arrays and returns a Figure.

A figure function computes nothing that a reader would want to check: the numbers come from the
topic modules. Colours are those of Okabe and Ito (2008), told apart by colour-blind readers too.
"""

from __future__ import annotations

import matplotlib

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#666666"

STYLE = {
    "figure.figsize": (7.0, 4.0),
    "figure.dpi": 110,
    "savefig.bbox": "tight",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=[BLUE, ORANGE, GREEN, RED, PURPLE, SKY]),
    "font.size": 11,
}
