"""What a student handed in: read from nbgrader's tree, and parsed, however odd it is.

`read_submission` reads a folder ``submitted/STUDENT/TOPIC`` into plain data, which workers can be
sent; `parse_notebook` turns its notebook into a valid one or says, in words for the student, why
it is none. Neither lets a submission raise anything else. `autograder.collecting` brings
submissions into that tree.
"""

from __future__ import annotations

import codecs
import hashlib
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from nbformat.v4 import new_notebook
from nbformat.validator import get_validator
from nbgrader.utils import parse_utc

from autograder.untrusted import Folder, Listing, is_notebook, printable, safe_path

TIMESTAMP = "timestamp.txt"
"""Where nbgrader keeps when a submission was handed in."""

MAX_NESTING = 64
"""Lists within lists: metadata has a handful, and what reads notebooks later recurses over them."""


@dataclass(frozen=True)
class SubmissionLimits:
    """How much one submission may hold."""

    notebook_bytes: int = 20 * 2**20
    """A notebook without outputs takes tens of kilobytes; some megabytes of pictures are honest."""

    files_bytes: int = 50 * 2**20
    """For the files beside the notebook: assignments need none, a student's notes and data few."""

    files: int = 2000
    """Files and folders beside the notebook: each costs a system call, a million fill a disk."""

    cells: int = 2000
    """Assignments have some dozens of cells, and the kernel is asked about each."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one topic.

    Attributes:
        student: who.
        topic: the assignment.
        notebook: the notebook's bytes, as they came; None if there is none to read.
        files: the other plain files by their path beside the notebook.
        submitted: when, in UTC without a time zone, as nbgrader has it; None if nobody noted it.
        problem: why it cannot be graded, in a sentence for the student; None if it can be read.
    """

    student: str
    topic: str
    notebook: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    submitted: datetime | None = None
    problem: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over notebook and files: equal if, and only if, the same work was handed in."""
        # Lengths go before contents, so that no content can pass for another division of them.
        parts = [b"" if self.notebook is None else b"notebook", self.notebook or b""]
        for name in sorted(self.files):
            parts += [name.encode(), self.files[name]]
        total = hashlib.sha256()
        for part in parts:
            total.update(len(part).to_bytes(8, "big") + part)
        return total.hexdigest()


class NotebookProblem(ValueError):
    """A notebook that cannot be read; the message is one line for the student."""


# --- Reading a folder -------------------------------------------------------------------------


def read_submission(folder: Path, topic: str, limits: SubmissionLimits | None = None) -> Submission:
    """Read what a student handed in; whatever it is, this returns.

    Links are not followed, and what is no plain file is passed over. If no notebook bears the
    topic's name but there is only one, that is taken: browsers and JupyterLab rename copies.

    Args:
        folder: nbgrader's ``submitted/STUDENT/TOPIC``; the student is named after its parent.
        topic: the assignment.
        limits: how much to read.

    Returns:
        The submission, or what could be read of it with the ``problem`` that stands in the way.
    """
    limits = limits or SubmissionLimits()
    student = printable(folder.parent.name)
    try:
        opened = Folder(folder)
    except OSError:
        missing = (
            f"Nothing that can be read was handed in. Please hand in {topic}.ipynb itself, "
            "not a link to it."
        )
        return Submission(student, topic, problem=missing)
    with opened:
        listing = opened.listing(limits.files + 2)
        submitted = _timestamp(opened)
        chosen, problem = choose_notebook(listing.plain, topic)
        notebook: bytes | None = None
        files: dict[str, bytes] = {}
        if chosen is None:
            problem = _instead_of_notebook(listing, topic, limits) or problem
        else:
            notebook, problem = _read_notebook(opened, chosen, limits)
        if problem is None:
            files, problem = _read_files(opened, listing, chosen, limits)
    return Submission(student, topic, notebook, files, submitted, problem)


def choose_notebook(names: Sequence[str], topic: str) -> tuple[str | None, str | None]:
    """Find the notebook that was meant among a submission's files.

    Args:
        names: paths of its plain files.
        topic: the assignment.

    Returns:
        Its path and None, or None and a sentence that tells the student why.
    """
    notebooks = [name for name in names if is_notebook(name)]
    # One at the top is meant before one in a folder: assignments may come with further folders.
    candidates = [name for name in notebooks if "/" not in name] or notebooks
    named = [one for one in candidates if PurePosixPath(one).name == f"{topic}.ipynb"]
    if len(named) == 1 or (not named and len(candidates) == 1):
        return (named or candidates)[0], None
    if not candidates:
        held = f"; it holds {_enumerate(names)}" if names else ""
        return None, (
            f"There is no notebook in what you handed in{held}. Please hand in {topic}.ipynb."
        )
    how_many = f"{len(candidates)} notebooks"
    return None, (
        f"You handed in {how_many} ({_enumerate(candidates)}), and it is not clear which one "
        f"counts. Please hand in only the one that does, named {topic}.ipynb."
    )


def beside(name: str, notebook: str) -> str:
    """A file's path as seen from the notebook's folder; unchanged if it lies elsewhere."""
    folder = PurePosixPath(notebook).parent
    path = PurePosixPath(name)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else name


def _enumerate(names: Sequence[str]) -> str:
    """The first few names, as a person would list them."""
    shown = [printable(name) for name in names[:3]]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _instead_of_notebook(listing: Listing, topic: str, limits: SubmissionLimits) -> str | None:
    """What to say if a link, a device or a flood of files lies where the notebook should."""
    if not listing.complete:
        return _too_many(limits)
    for name in listing.other:
        if is_notebook(name):
            return (
                f"{printable(name)} is a link, or cannot be read: the notebook itself is missing. "
                f"Please hand in {topic}.ipynb itself."
            )
    return None


def _read_notebook(
    folder: Folder, name: str, limits: SubmissionLimits
) -> tuple[bytes | None, str | None]:
    """The notebook's bytes, or why there are none."""
    try:
        data = folder.read(name, limits.notebook_bytes)
    except OSError:
        return None, f"{printable(name)} cannot be opened. Please hand it in again."
    if len(data) > limits.notebook_bytes:
        return None, _too_large(limits)
    return data, None


def _too_large(limits: SubmissionLimits) -> str:
    return (
        f"The notebook is larger than {limits.notebook_bytes / 2**20:.3g} MB. Please clear its "
        "outputs (Edit, Clear Outputs of All Cells), save it and hand it in again."
    )


def _too_many(limits: SubmissionLimits) -> str:
    return (
        f"Beside the notebook lie more than {limits.files} files, or very deep folders. "
        "Please hand in the notebook and only what it needs."
    )


def _read_files(
    folder: Folder, listing: Listing, notebook: str | None, limits: SubmissionLimits
) -> tuple[dict[str, bytes], str | None]:
    """The files beside the notebook, or none and why."""
    others = [name for name in listing.plain if name not in (notebook, TIMESTAMP)]
    if not listing.complete or len(others) > limits.files:
        return {}, _too_many(limits)
    files: dict[str, bytes] = {}
    left = limits.files_bytes
    for name in others:
        try:
            data = folder.read(name, left)
        except OSError:
            continue  # The notebook may do without it, and says so itself if it can't.
        left -= len(data)
        if left < 0:
            return {}, (
                f"The files beside the notebook take more than {limits.files_bytes / 2**20:.3g} "
                "MB. Please hand in the notebook and only what it needs."
            )
        path = safe_path(beside(name, notebook or ""))
        if path is not None:
            files[path] = data
    return files, None


def _timestamp(folder: Folder) -> datetime | None:
    """When nbgrader says that a submission was handed in."""
    try:
        return parse_timestamp(folder.read(TIMESTAMP, 100).decode())
    except (OSError, UnicodeDecodeError):
        return None


def parse_timestamp(text: str) -> datetime | None:
    """Read a time as nbgrader does; None if it is none.

    Args:
        text: such as ``2026-01-30 15:00:00.000000 UTC``.

    Returns:
        The time in UTC, without a time zone.
    """
    text = text.strip()
    # A third word is looked up among the system's time zones, by path: "/etc/…" must not pass.
    if len(text) > 100 or not re.fullmatch(r"[\w:.,+\- ]*\w(/[\w+\-]+)*", text):
        return None
    try:
        time: datetime = parse_utc(text)
    except (ValueError, OverflowError, TypeError):
        return None
    return time


# --- Parsing a notebook -----------------------------------------------------------------------

_NOTEBOOK_KEYS = ("kernelspec", "language_info", "orig_nbformat", "title", "authors")
_CELL_KEYS = ("name", "tags", "collapsed", "scrolled", "format", "jupyter", "execution")
# The metadata that the format gives a type to. Grading reads none of it.

_SAVE_AGAIN = "Please open it in Jupyter, save it and hand it in again."


def parse_notebook(data: bytes, limits: SubmissionLimits | None = None) -> nbformat.NotebookNode:
    """Read a notebook, whatever program saved it.

    Cells keep their type, source, metadata and, where it is valid and unique, id. Outputs,
    execution counts and attachments are dropped: grading makes its own, and they may hide anything.

    Args:
        data: the file's content.
        limits: how large it may be.

    Returns:
        A notebook that is valid in nbformat 4.5.

    Raises:
        NotebookProblem: it is not a notebook; says why, in one line for the student.
    """
    limits = limits or SubmissionLimits()
    if len(data) > limits.notebook_bytes:
        raise NotebookProblem(_too_large(limits))
    raw = _load(_text(data))
    if not isinstance(raw, dict) or type(raw.get("nbformat")) is not int:
        raise NotebookProblem(f"The file is JSON but not a notebook. {_SAVE_AGAIN}")
    if raw["nbformat"] > 4:
        raise NotebookProblem(
            f"The notebook is in format {raw['nbformat']}, which is newer than this course knows. "
            "Please save it in format 4 and hand it in again."
        )
    if raw["nbformat"] < 4:
        raw = _upgraded(raw)
    cells = raw.get("cells")
    if not isinstance(cells, list):
        raise NotebookProblem(f"The notebook has no list of cells. {_SAVE_AGAIN}")
    if len(cells) > limits.cells:
        raise NotebookProblem(
            f"The notebook has {len(cells)} cells; at most {limits.cells} can be graded. Please "
            "remove those that the assignment does not need."
        )
    metadata = raw.get("metadata", {})
    if not isinstance(metadata, dict):
        raise NotebookProblem(f"The notebook's metadata is damaged. {_SAVE_AGAIN}")
    return _valid(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": _plain(metadata),
            "cells": [_cell(cell, number) for number, cell in enumerate(cells, 1)],
        }
    )


def _text(data: bytes) -> str:
    """A notebook's text. JSON is Unicode, and its first bytes tell in which form."""
    if not data.strip():
        raise NotebookProblem("The notebook is empty. Please save it and hand it in again.")
    encoding = json.detect_encoding(data)
    try:
        text = codecs.decode(data, encoding)
    except UnicodeDecodeError:
        raise NotebookProblem(
            f"The notebook is damaged: its text is not {encoding.removesuffix('-sig').upper()}. "
            f"{_SAVE_AGAIN}"
        ) from None
    if "\0" in text:
        raise NotebookProblem(f"The notebook is damaged: it has null bytes. {_SAVE_AGAIN}")
    return text


def _load(text: str) -> Any:
    """A notebook's JSON. Python's own dialect has NaN and Infinity: they become null."""
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except RecursionError:
        raise NotebookProblem(f"The notebook is nested too deeply. {_SAVE_AGAIN}") from None
    except json.JSONDecodeError as error:
        raise NotebookProblem(
            f"The notebook is damaged: at line {error.lineno}, column {error.colno}, it is not "
            f"JSON ({error.msg}). {_SAVE_AGAIN}"
        ) from None
    except ValueError:
        # Python refuses to convert numbers of thousands of digits.
        raise NotebookProblem(f"The notebook holds a number without end. {_SAVE_AGAIN}") from None


def _upgraded(raw: dict[str, Any]) -> dict[str, Any]:
    """A notebook of nbformat 1 to 3, as nbformat itself brings it up to 4."""
    for sheet in _dicts(raw.get("worksheets", [raw])):
        for cell in _dicts(sheet.get("cells")):
            if cell.get("cell_type") == "code":
                cell["outputs"] = []
    raw = _plain(raw)
    try:
        nested = nbformat.versions[raw["nbformat"]].to_notebook_json(raw)
        converted: dict[str, Any] = nbformat.convert(nested, 4)
        for cell in converted["cells"]:
            del cell["id"]  # drawn at random; ours are the same each time
    except Exception:
        # nbformat's converters expect valid notebooks, and fail in every way over others.
        raise NotebookProblem(
            f"The notebook is in the old format {raw['nbformat']} and cannot be converted. "
            f"{_SAVE_AGAIN}"
        ) from None
    return converted


def _dicts(value: Any) -> list[dict[str, Any]]:
    """The dictionaries in a list, if it is one."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _cell(cell: Any, number: int) -> dict[str, Any]:
    """One cell with all that is kept of it."""
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        raise NotebookProblem(f"Cell {number} of the notebook is damaged. {_SAVE_AGAIN}")
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise NotebookProblem(f"The text of cell {number} is damaged. {_SAVE_AGAIN}")
    metadata = cell.get("metadata", {})
    if not isinstance(metadata, dict):
        raise NotebookProblem(f"The metadata of cell {number} is damaged. {_SAVE_AGAIN}")
    # A type from a format yet to come is shown as it is, and not executed.
    kind = cell["cell_type"] if cell["cell_type"] in ("code", "markdown") else "raw"
    kept = {"id": cell.get("id"), "cell_type": kind, "source": _plain(source)}
    kept["metadata"] = _plain(metadata)
    return {**kept, "outputs": [], "execution_count": None} if kind == "code" else kept


def _plain(value: Any, depth: int = 0) -> Any:
    """JSON that every program can store: printable text, finite numbers, shallow nesting."""
    if depth > MAX_NESTING:
        raise NotebookProblem(f"The notebook's metadata is nested too deeply. {_SAVE_AGAIN}")
    if isinstance(value, str):
        # Neither half of a surrogate pair nor a null byte goes into a file or a database.
        return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\ufffd")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_plain(key): _plain(item, depth + 1) for key, item in value.items()}
    return value


def _valid(notebook: dict[str, Any]) -> nbformat.NotebookNode:
    """A notebook of sound parts with its ids made right, and without metadata of a wrong type."""
    cells = notebook["cells"]
    _make_ids(cells)
    if not _is_valid(notebook["metadata"], cells):
        if not _is_valid(notebook["metadata"], []):
            notebook["metadata"] = _without(notebook["metadata"], _NOTEBOOK_KEYS)
        for cell in cells:
            if not _is_valid({}, [cell]):
                cell["metadata"] = _without(cell["metadata"], _CELL_KEYS)
    valid: nbformat.NotebookNode = nbformat.from_dict(notebook)
    return valid


def _make_ids(cells: list[dict[str, Any]]) -> None:
    """Keep each valid id's first bearer, and name the other cells after their place."""
    taken: set[str] = set()
    nameless = []
    for place, cell in enumerate(cells, 1):
        name = cell["id"]
        if (
            isinstance(name, str)
            and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name)
            and name not in taken
        ):
            taken.add(name)
        else:
            nameless.append((place, cell))
    for place, cell in nameless:
        free = (f"cell-{place}{suffix}" for suffix in itertools.chain([""], itertools.count()))
        cell["id"] = next(name for name in free if name not in taken)
        taken.add(cell["id"])


def _is_valid(metadata: dict[str, Any], cells: list[dict[str, Any]]) -> bool:
    """Whether the format's schema takes a notebook of these parts."""
    trial = {**new_notebook(), "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    return not list(get_validator(4, 5).iter_errors(trial))


def _without(metadata: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key not in keys}
