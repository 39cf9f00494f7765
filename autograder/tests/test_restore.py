"""Whatever a student does to the cells, the released notebook comes back with the answers in it."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import nbformat
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.restore import grade_id, is_answer, restore
from autograder.sample import filled, model_answers, released

TOPIC = "02_kl_weight"
RELEASE = released(TOPIC)
ANSWERS = model_answers(TOPIC)
NAMED = {name: cell for cell in RELEASE.cells if (name := grade_id(cell))}


def named(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {name: cell for cell in notebook.cells if (name := grade_id(cell))}


def sources(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells]


def test_an_honest_notebook_keeps_its_cells_in_order() -> None:
    submitted = filled(TOPIC, ANSWERS)
    submitted.cells.insert(8, new_code_cell("my_helper = 1"))
    assert sources(restore(submitted, RELEASE)) == sources(submitted)


def test_the_untouched_release_stays_as_it_is() -> None:
    assert sources(restore(RELEASE, RELEASE)) == sources(RELEASE)


def test_a_copy_kept_as_a_backup_does_no_harm() -> None:
    submitted = filled(TOPIC, ANSWERS)
    index = next(i for i, c in enumerate(submitted.cells) if grade_id(c) == "make_prior")
    stub = copy.deepcopy(NAMED["make_prior"])
    for place in (index, index + 1, index + 2):
        changed = copy.deepcopy(submitted)
        changed.cells.insert(place, copy.deepcopy(stub))
        assert sources(restore(changed, RELEASE)) == sources(submitted)


def test_the_last_version_counts() -> None:
    submitted = filled(TOPIC, ANSWERS)
    index = next(i for i, c in enumerate(submitted.cells) if grade_id(c) == "make_prior")
    older = copy.deepcopy(submitted.cells[index])
    older.source = "def make_prior(): return 'older'"
    submitted.cells.insert(index, older)
    assert named(restore(submitted, RELEASE))["make_prior"].source == ANSWERS["make_prior"]


def test_an_answer_turned_raw_is_an_answer() -> None:
    submitted = filled(TOPIC, ANSWERS)
    index = next(i for i, c in enumerate(submitted.cells) if grade_id(c) == "make_prior")
    old = submitted.cells[index]
    submitted.cells[index] = new_raw_cell(old.source, metadata=old.metadata)
    assert named(restore(submitted, RELEASE))["make_prior"].cell_type == "code"


cell_kinds = st.sampled_from([new_code_cell, new_markdown_cell, new_raw_cell])
marks: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.fixed_dictionaries(
        {"grade_id": st.one_of(st.sampled_from([*NAMED, "new"]), st.integers(), st.none())},
        optional={
            "points": st.integers(-5, 10**6),
            "grade": st.booleans(),
            "solution": st.booleans(),
            "locked": st.booleans(),
            "task": st.booleans(),
        },
    ),
)


@st.composite
def student_cells(draw: st.DrawFn) -> list[NotebookNode]:
    """The released cells shuffled, dropped and copied, with others of any kind among them."""
    cells = [copy.deepcopy(c) for c in draw(st.lists(st.sampled_from(RELEASE.cells), max_size=30))]
    for cell in cells:
        if draw(st.booleans()):
            cell.source = draw(st.text(max_size=8))
    for kind, mark in draw(st.lists(st.tuples(cell_kinds, marks), max_size=6)):
        metadata = {} if mark is None else {"nbgrader": mark}
        own = kind(draw(st.text(max_size=8)), metadata=metadata)
        cells.insert(draw(st.integers(0, len(cells))), own)
    return cells


@settings(max_examples=150, deadline=None)
@given(student_cells())
def test_laws_of_restoring(cells: list[NotebookNode]) -> None:
    submitted = copy.deepcopy(RELEASE)
    submitted.cells = cells
    before = copy.deepcopy(submitted)
    restored = restore(submitted, RELEASE)
    assert submitted == before
    nbformat.validate(restored)
    # Every named cell exactly once, in order, as released but for the answers.
    assert [name for cell in restored.cells if (name := grade_id(cell))] == list(NAMED)
    for name, cell in named(restored).items():
        assert cell.metadata == NAMED[name].metadata
        assert cell.cell_type == NAMED[name].cell_type
        if not is_answer(NAMED[name]):
            assert cell.source == NAMED[name].source
    # Nothing else bears marks that nbgrader acts upon; no cell of the student's own is lost.
    own = [cell for cell in restored.cells if not grade_id(cell)]
    assert not any("nbgrader" in cell.metadata for cell in own)
    unnamed = Counter(cell.source for cell in cells if grade_id(cell) not in NAMED)
    assert unnamed <= Counter(cell.source for cell in own)
    # Restoring twice is restoring once.
    assert sources(restore(restored, RELEASE)) == sources(restored)
