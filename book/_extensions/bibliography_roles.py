"""Sphinx extension: the list of references without roles that tell screen readers wrong things.

Docutils calls it a list although its children are no list items, and each reference by a role
that ARIA has withdrawn.
"""

from __future__ import annotations

from typing import Any

WRONG_ROLES = (' role="list" class="citation-list"', ' role="doc-biblioentry"')


def take_out_roles(_app: Any, _page: str, _template: str, context: dict, _tree: Any) -> None:
    """Take the roles out of a page's body."""
    body = context.get("body", "")
    context["body"] = body.replace(WRONG_ROLES[0], ' class="citation-list"').replace(
        WRONG_ROLES[1], ""
    )


def setup(app: Any) -> dict[str, bool]:
    """Act on every page before it is written."""
    app.connect("html-page-context", take_out_roles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
