"""A submission brought back to the form in which the assignment was released: `restore`.

Students add, delete, copy and move cells, on purpose or not. What is graded is the released
notebook, in its order, with the student's answers in the cells that are theirs to fill, and every
cell that they added at its place between them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

from nbformat.notebooknode import NotebookNode


def grade_id(cell: NotebookNode) -> str | None:
    """The name nbgrader knows a cell by; None for a cell it does not know."""
    nbgrader = cell.metadata.get("nbgrader")
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return name if isinstance(name, str) else None


DEMONSTRATION = "demonstration"
"""Tag of released cells that take long and only show what a student's functions can do."""


def is_demonstration(cell: NotebookNode) -> bool:
    """Whether a cell of the release need not run for grading; a student's own cell always runs."""
    return grade_id(cell) is not None and DEMONSTRATION in cell.metadata.get("tags", [])


def is_answer(cell: NotebookNode) -> bool:
    """Whether a released cell is the student's to fill."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def questions_in(release: NotebookNode) -> Iterator[NotebookNode]:
    """The released cells that earn points."""
    for cell in release.cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        if nbgrader.get("grade") or nbgrader.get("task"):
            yield cell


def restore(submitted: NotebookNode, release: NotebookNode) -> NotebookNode:
    """Lay a student's answers and own cells into the released notebook.

    Args:
        submitted: the student's notebook; it stays as it is.
        release: the notebook as the student received it.

    Returns:
        A notebook with every named cell of the release exactly once, in the release's order, with
        its type and metadata. A cell that is the student's to fill has the student's source; of
        several copies the last one that was worked on counts. Any other named cell has the
        released source. All further cells of the student follow the named cell that they followed.
    """
    named = {name: cell for cell in release.cells if (name := grade_id(cell))}
    chosen: dict[str | None, NotebookNode] = {}
    for cell in submitted.cells:
        name = grade_id(cell)
        if name in named and (name not in chosen or cell.source != named[name].source):
            chosen[name] = cell
    own: dict[str | None, list[NotebookNode]] = {}
    anchor: str | None = None
    for cell in submitted.cells:
        name = grade_id(cell)
        if name not in named:
            own.setdefault(anchor, []).append(_unnamed(cell))
        elif cell is chosen[name]:
            anchor = name
        elif is_answer(named[name]) and cell.source != named[name].source:
            own.setdefault(anchor, []).append(_unnamed(cell))
    cells = own.pop(None, [])
    for name, cell in named.items():
        restored = copy.deepcopy(cell)
        if name in chosen and is_answer(cell):
            restored.source = chosen[name].source
        cells += [restored, *own.pop(name, [])]
    restored_notebook = copy.deepcopy(release)
    restored_notebook.cells = _with_unique_ids(cells)
    return restored_notebook


def _unnamed(cell: NotebookNode) -> NotebookNode:
    """A student's own cell, without anything that nbgrader would act upon."""
    cell = copy.deepcopy(cell)
    cell.metadata.pop("nbgrader", None)
    return cell


def _with_unique_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Number the cells anew: copies share an id, and old notebooks have none."""
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return cells
