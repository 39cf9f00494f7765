"""Cells that the tests put into students' notebooks."""

from __future__ import annotations

import nbformat
from nbformat.v4 import new_code_cell

# Honest work that is loud: Python's and C's stderr, warnings and loggers, in cells and functions.
NOISE = """
import os, sys, warnings
warnings.warn("a remark")
print("honest noise", file=sys.stderr)
os.write(2, b"honest noise, deeper\\n")
import logging; logging.warning("and more")
_count = parameter_count
def parameter_count(n_features, n_units):
    print("counting", file=sys.stderr)
    os.write(2, b"counting\\n")
    warnings.warn("still counting")
    return _count(n_features, n_units)
"""


def after(notebook: nbformat.NotebookNode, grade_id: str, source: str) -> nbformat.NotebookNode:
    """Insert a student's own cell behind one of the assignment's."""
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    notebook.cells.insert(ids.index(grade_id) + 1, new_code_cell(source))
    return notebook
