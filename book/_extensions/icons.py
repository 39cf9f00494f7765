"""Sphinx extension: of Font Awesome's two thousand icons, the book keeps those that it shows.

The theme brings all of them in one file, a third of what a page would weigh. An entry there is
``bars:[448,512,["navicon"],"f0c9","M0 96C0 …"]``: name, width, height, other names, code, path.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ENTRY = re.compile(
    r'(?:"(?P<quoted>[a-z0-9-]+)"|\b(?P<name>[a-z0-9]+)):'
    r'\[\d+,\d+,\[(?P<others>[^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\["[^"]*","[^"]*"\])\],?'
)


def only(icons: str, used: set[str]) -> str:
    """The file of icons with those entries that go by one of the used names."""

    def kept(found: re.Match[str]) -> str:
        names = {found["quoted"] or found["name"], *re.findall(r'"([^"]+)"', found["others"])}
        return found[0] if names & used else ""

    return ENTRY.sub(kept, icons)


def slim(app: Any, exception: Exception | None) -> None:
    """Take out of the built book what no page and no script of it names."""
    path = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if exception is not None or not path.is_file():
        return
    files = [*Path(app.outdir).rglob("*.html"), *Path(app.outdir).rglob("_static/**/*.js")]
    texts = [file.read_text(encoding="utf-8") for file in files if file != path]
    used = {name for text in texts for name in re.findall(r"\bfa-([a-z0-9-]+)", text)}
    path.write_text(only(path.read_text(encoding="utf-8"), used), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Act when everything is written."""
    app.connect("build-finished", slim)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
