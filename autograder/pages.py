"""What feedback and class report share: text made safe to show, and the way a page is filled.

Names, sources, outputs and error messages come from submissions, so no page trusts them. Jinja
escapes whatever it prints; before that, every text passes through `plain`. Pages load nothing,
run no script and say so in their Content-Security-Policy.
"""

from __future__ import annotations

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

# Each alternative stops at the next escape or line end, so no text makes the search quadratic.
_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor movements
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # window titles, links
    r"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\)?"  # device control, application strings
    r"|\x1b[ -/]*[0-~]"  # all others
)
_CONTROLS = {code: "" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)}
# Embeddings, overrides and isolates: they show text in another order than a program reads it.
_BIDI = {code: f"⟨U+{code:04X}⟩" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_SURROGATES = {code: "\N{REPLACEMENT CHARACTER}" for code in range(0xD800, 0xE000)}


def without_controls(text: str) -> str:
    """Text without terminal escapes, control characters and lone surrogates.

    Line ends become newlines. Of a line that was overwritten, as progress bars do, the last
    version stays.
    """
    text = _TERMINAL.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
        text = "\n".join(lines)
    return text.translate(_CONTROLS | _SURROGATES)


def plain(text: str) -> str:
    """`without_controls`, with characters that reorder a line written out: ``⟨U+202E⟩``."""
    return without_controls(text).translate(_BIDI)


def shortened(text: str, max_chars: int, max_lines: int) -> str:
    """Text with its middle left out where it is too long.

    Beginning and end stay: the end of a traceback says what happened. A line in between says how
    much is missing; it does not count towards ``max_chars``.
    """
    if len(text) <= max_chars and text.count("\n") < max_lines:
        return text
    n_head, n_tail = max_lines * 3 // 4, max_lines // 4 - 1
    head = "\n".join(text.split("\n")[:n_head])[: max_chars * 3 // 4]
    tail = "\n".join(text[len(head) :].split("\n")[-n_tail:])[-(max_chars // 4) :]
    left_out = len(text) - len(head) - len(tail)
    return f"{head}\n[… {left_out:,} characters left out here …]\n{tail}"


def cut(text: str, limit: int) -> str:
    """The beginning of a text that is longer than ``limit`` characters."""
    text = plain(text)  # first, since it may make the text longer
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def points(value: float) -> str:
    """Points as people write them: 3, 2.5."""
    return f"{value:g}"


def percent(part: float, whole: float) -> float:
    """A share in per cent, between 0 and 100; 0 of nothing is 0."""
    return round(100 * min(max(part / whole, 0.0), 1.0), 2) if whole > 0 else 0.0


def _printed(value: Any) -> Any:
    """What Jinja prints for a value, before it escapes it."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("autograder"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(points=points, percent=percent)
    return environment


_ENVIRONMENT = _environment()


def render(template: str, **context: Any) -> str:
    """Fill one of the pages in ``templates/``."""
    return _ENVIRONMENT.get_template(template).render(**context)
