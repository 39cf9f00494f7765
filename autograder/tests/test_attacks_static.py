"""The attacks themselves, before any kernel runs them: complete, distinct, and what they say."""

from __future__ import annotations

import ast
import json
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograder.attacks import ATTACKS, AUTOMATIC_POINTS, GROUPS, NOTEBOOK, TOPIC, Attack
from autograder.topics import ROOT

RELEASED = ROOT / "exercises" / TOPIC

# Cells or files that are meant to be no Python.
NO_PYTHON = {"honest-failing-scratch-cells", "odd-characters"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A student's folder with the released assignment, where it would lie in a class."""
    place = tmp_path / "submitted" / "mallory" / TOPIC
    shutil.copytree(RELEASED, place, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def contents(folder: Path) -> dict[str, Any]:
    """Names, kinds and beginnings of everything in a folder; opens no pipe and follows no link."""
    found: dict[str, Any] = {}
    places = [folder]
    while places:
        for path in places.pop().iterdir():
            name, status = str(path.relative_to(folder)), path.lstat()
            if stat.S_ISDIR(status.st_mode):
                places.append(path)
                found[name] = "folder"
            elif stat.S_ISREG(status.st_mode):
                text = path.read_bytes() if status.st_size < 10**6 else b""
                found[name] = (status.st_mode, status.st_size, status.st_nlink, text)
            else:
                found[name] = status.st_mode
    return found


def cells_of(folder: Path) -> list[dict[str, Any]]:
    """The notebook's cells, as far as it has some that can be read without harm."""
    path = folder / NOTEBOOK
    if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > 10**7:
        return []
    try:
        cells = json.loads(path.read_bytes())["cells"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return []
    return [c for c in cells if isinstance(c, dict)] if isinstance(cells, list) else []


def sources_of(cells: list[dict[str, Any]]) -> list[str]:
    """The texts of code cells."""
    sources = [c.get("source") for c in cells if c.get("cell_type") == "code"]
    lines = [s if isinstance(s, list) else [s] for s in sources]
    return ["".join(s) for s in lines if all(isinstance(line, str) for line in s)]


def test_every_class_is_tried() -> None:
    assert {attack.number for attack in ATTACKS} == set(range(1, 34))
    assert {a.number for a in ATTACKS if not a.honest} == set(range(1, 34)) - {32}


def test_attacks_are_in_order() -> None:
    numbers = [attack.number for attack in ATTACKS]
    assert numbers == sorted(numbers)


def test_names_are_unique_and_fit_for_folders() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{2,39}", name) for name in names)


def test_titles_are_distinct_sentences() -> None:
    titles = [attack.title for attack in ATTACKS]
    assert len(set(titles)) == len(titles)
    assert all(title.endswith(".") and len(title) <= 100 for title in titles)


def test_what_they_deserve() -> None:
    for attack in ATTACKS:
        assert attack.deserves == AUTOMATIC_POINTS if attack.honest else attack.deserves <= 20
    assert AUTOMATIC_POINTS == 90


def test_each_is_documented() -> None:
    for group in GROUPS:
        for node in ast.parse(Path(str(group.__file__)).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                text = ast.get_docstring(node)
                assert text and "\n" not in text, node.name


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_prepared_folder(attack: Attack, folder: Path) -> None:
    """A submission changes, its Python compiles, and an honest one is a valid notebook."""
    before, neighbours = contents(folder), list(folder.parents[1].iterdir())
    attack.prepare(folder)
    assert contents(folder) != before
    assert list(folder.parents[1].iterdir()) == neighbours
    if attack.name not in NO_PYTHON and (folder / NOTEBOOK).is_file():
        for source in sources_of(cells_of(folder)):
            assert "@FOLDER@" not in source and "@MIME@" not in source
            compile(TransformerManager().transform_cell(source), attack.name, "exec")
        for path in folder.glob("*.py"):
            compile(path.read_bytes(), path.name, "exec")
    if attack.honest:
        text = (folder / NOTEBOOK).read_text(encoding="utf-8-sig")
        assert any("n_weights" in source for source in sources_of(cells_of(folder)))
        nbformat.validate(nbformat.reads(text, as_version=4))


def test_dangerous_sources_are_guarded(folder: Path) -> None:
    """What would harm a machine says no outside a sandbox, before it does anything."""
    words = ("os.fork()", "os.kill(pid", "libc.", "sqlite3", "posix_fallocate", "os.unlink(")
    for attack in (a for a in ATTACKS if not a.honest and a.number not in (23, 31)):
        place = folder.parent / attack.name
        shutil.copytree(RELEASED, place, ignore=shutil.ignore_patterns("__pycache__"))
        attack.prepare(place)
        for source in sources_of(cells_of(place)):
            if any(word in source for word in words):
                assert source.lstrip().startswith("try:\n    with open"), attack.name
