"""Submissions, honest and hostile: reading them, parsing their notebooks, collecting a class's."""

from __future__ import annotations

import io
import json
import os
import random
import stat
import string
import tarfile
import tempfile
import unicodedata
import warnings
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins.zipcollect import FileNameCollectorPlugin

from autograder import collecting
from autograder.collecting import Collection, CollectionError, collect
from autograder.filenames import SubmissionNames, owner, split_name, student_id
from autograder.submissions import (
    NotebookProblem,
    Submission,
    SubmissionLimits,
    parse_notebook,
    parse_timestamp,
    read_submission,
)
from autograder.untrusted import printable, safe_path

TOPIC = "02_kl_weight"
NAME = f"{TOPIC}.ipynb"
SMALL = SubmissionLimits(notebook_bytes=2000, files_bytes=3000, files=5, cells=3)
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def notebook(*cells: Any, **more: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more}


def code(source: Any = "x = 1", **more: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source}
    return {**cell, "outputs": [], "execution_count": None, **more}


def work(text: str = "x = 1") -> bytes:
    return json.dumps(notebook(code(text))).encode()


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


# --- read_submission --------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "submitted" / "alice" / TOPIC
    path.mkdir(parents=True)
    return path


def test_an_honest_submission_is_read(folder: Path) -> None:
    write(folder, {NAME: work(), "data/a.csv": b"1,2", "timestamp.txt": b"2026-01-30 15:00:00 UTC"})
    write(folder, {".ipynb_checkpoints/02_kl_weight-checkpoint.ipynb": b"old", ".DS_Store": b"x"})
    read = read_submission(folder, TOPIC)
    assert (read.student, read.topic, read.problem) == ("alice", TOPIC, None)
    assert read.notebook == work() and read.files == {"data/a.csv": b"1,2"}
    assert read.submitted == datetime(2026, 1, 30, 15)


@pytest.mark.parametrize("name", [f"{TOPIC} (1).ipynb", f"{TOPIC}-Copy1.ipynb", "mine.IPYNB"])
def test_a_renamed_notebook_is_found(folder: Path, name: str) -> None:
    write(folder, {name: work(), "helper.py": b""})
    assert read_submission(folder, TOPIC).notebook == work()


def test_a_notebook_in_a_folder_is_found_with_its_neighbours(folder: Path) -> None:
    write(folder, {f"hw/{NAME}": work(), "hw/bayescnn/x.py": b"1", "notes.txt": b"2"})
    read = read_submission(folder, TOPIC)
    assert read.notebook == work() and read.files == {"bayescnn/x.py": b"1", "notes.txt": b"2"}


def test_the_topics_own_name_wins(folder: Path) -> None:
    write(folder, {NAME: work("right"), "scratch.ipynb": work("wrong")})
    read = read_submission(folder, TOPIC)
    assert read.notebook == work("right") and read.files == {"scratch.ipynb": work("wrong")}


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "There is no notebook"),
        ({"report.pdf": b"x"}, "it holds report.pdf"),
        ({"a.ipynb": b"{}", "b.ipynb": b"{}"}, r"2 notebooks \(a.ipynb, b.ipynb\)"),
        ({NAME: b"x" * 2001}, "larger than .* Clear Outputs"),
        ({NAME: b"{}", "big": b"x" * 3001}, "take more than"),
        ({NAME: b"{}", **{f"f{i}": b"" for i in range(6)}}, "more than 5 files"),
        ({NAME: b"{}", "/".join("abcdefghijklmnop"): b""}, "deep folders"),
        ({f"f{i}": b"" for i in range(20)}, "more than 5 files"),
    ],
)
def test_what_cannot_be_graded_says_why(
    folder: Path, files: dict[str, bytes], problem: str
) -> None:
    write(folder, files)
    read = read_submission(folder, TOPIC, SMALL)
    assert read.problem is not None and "\n" not in read.problem
    with pytest.raises(AssertionError, match=problem):
        raise AssertionError(read.problem)


def test_no_folder_is_a_problem_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("none", "file"):
        assert "Nothing that can be read" in str(read_submission(tmp_path / name, TOPIC).problem)


def test_links_lead_nowhere(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    write(secret, {"gradebook.db": b"secret", NAME: work("secret")})
    write(folder, {NAME: work(), "inside.txt": b"own"})
    (folder / "file").symlink_to(secret / "gradebook.db")
    (folder / "folder").symlink_to(secret)
    (folder / "own").symlink_to("inside.txt")
    (folder / "round").symlink_to(".")
    read = read_submission(folder, TOPIC)
    assert read.notebook == work() and read.files == {"inside.txt": b"own"}


def test_a_link_for_a_notebook_or_a_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "other", {NAME: work("secret")})
    (folder / NAME).symlink_to(tmp_path / "other" / NAME)
    read = read_submission(folder, TOPIC)
    assert read.notebook is None and "is a link" in str(read.problem)
    link = tmp_path / "submitted" / "bob"
    link.mkdir()
    (link / TOPIC).symlink_to(tmp_path / "other")
    assert read_submission(link / TOPIC, TOPIC).notebook is None


@pytest.mark.timeout(10)
def test_pipes_and_sockets_do_not_block(folder: Path) -> None:
    os.mkfifo(folder / NAME)
    os.mkfifo(folder / "timestamp.txt")
    assert "is a link, or cannot be read" in str(read_submission(folder, TOPIC).problem)
    (folder / NAME).unlink()
    os.mkfifo(folder / "pipe")
    write(folder, {NAME: work()})
    read = read_submission(folder, TOPIC)
    assert read.problem is None and read.submitted is None and read.files == {}


def test_strange_names_are_made_printable(folder: Path) -> None:
    write(folder, {NAME: work()})
    for name in (b"caf\xe9.csv", b"\x1b[2Jclear", b"new\nline"):
        with open(os.fsencode(folder) + b"/" + name, "wb") as stream:
            stream.write(b"1")
    read = read_submission(folder, TOPIC)
    assert len(read.files) == 3 and all(name.isprintable() for name in read.files)
    assert len(read.digest) == 64


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_unreadable_files_are_passed_over(folder: Path) -> None:
    write(folder, {NAME: work(), "locked": b"x", "shut/file": b"y"})
    (folder / "locked").chmod(0)
    (folder / "shut").chmod(0)
    read = read_submission(folder, TOPIC)
    assert read.problem is None and read.files == {}
    (folder / NAME).chmod(0)
    assert "cannot be opened" in str(read_submission(folder, TOPIC).problem)
    (folder / "shut").chmod(0o700)


@pytest.mark.parametrize(
    "text",
    ["2026-01-30 15:00:00.5 UTC", "2026-01-30 15:00:00 Europe/Berlin", "2026-01-30 15:00:00+02:00"],
)
def test_times_are_read_as_nbgrader_reads_them(folder: Path, text: str) -> None:
    (folder / "timestamp.txt").write_text(text + "\n")
    expected = CourseDirectory().get_existing_timestamp(str(folder))
    assert read_submission(folder, TOPIC).submitted == expected is not None


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-01-30 15:00 /etc/passwd", "1 2 ../x", "9" * 99, "2026-99-99", "\0"]
)
def test_no_time_is_no_error(text: str) -> None:
    assert parse_timestamp(text) is None


texts = st.dictionaries(st.text(string.ascii_lowercase, min_size=1), st.binary(max_size=9))


@given(files=texts, notebook=st.none() | st.binary(max_size=9), seed=st.randoms())
def test_digest_does_not_depend_on_order(
    files: dict[str, bytes], notebook: bytes | None, seed: random.Random
) -> None:
    items = list(files.items())
    seed.shuffle(items)
    one, two = (Submission("a", TOPIC, notebook, f) for f in (files, dict(items)))
    assert one.digest == two.digest


@given(one=texts, two=texts, first=st.none() | st.binary(max_size=3), second=st.binary(max_size=3))
def test_digest_tells_works_apart(
    one: dict[str, bytes], two: dict[str, bytes], first: bytes | None, second: bytes
) -> None:
    same = (first, one) == (second, two)
    digests = {
        Submission("a", TOPIC, first, one).digest,
        Submission("a", TOPIC, second, two).digest,
    }
    assert (len(digests) == 1) == same


# --- parse_notebook ---------------------------------------------------------------------------

JUPYTERLAB = notebook(
    {
        "cell_type": "markdown",
        "id": "4a",
        "metadata": {"tags": ["intro"]},
        "source": ["# Hi\n", "x"],
    },
    code(
        ["import numpy\n", "x"],
        id="4b",
        metadata={"nbgrader": {"grade_id": "q"}, "trusted": True},
        execution_count=3,
        outputs=[{"output_type": "stream", "name": "stdout", "text": ["1\n"]}],
    ),
    metadata={
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "codemirror_mode": {"name": "ipython", "version": 3}},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
    },
)
VS_CODE = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {
                "vscode": {"languageId": "python"},
                "dotnet_interactive": {"language": "x"},
            },
            "outputs": [{"output_type": "execute_result", "data": {}}],
            "source": ["x = 1"],
        },
        {"cell_type": "markdown", "metadata": {}, "source": []},
    ],
    "metadata": {"kernelspec": {"display_name": ".venv", "name": "python3"}, "orig_nbformat": 4},
    "nbformat": 4,
    "nbformat_minor": 2,
}
COLAB = {
    "nbformat": 4,
    "nbformat_minor": 0,
    "metadata": {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
        "accelerator": "GPU",
    },
    "cells": [
        {
            "cell_type": "code",
            "source": ["x = 1"],
            "metadata": {
                "id": "Zq3",
                "colab": {"base_uri": "https://localhost:8080/"},
                "outputId": "0ffc9a2f-4c",
            },
            "execution_count": 4,
            "outputs": [{"output_type": "display_data", "data": {"text/plain": float("nan")}}],
        },
        {"cell_type": "markdown", "source": ["![](attachment:a.png)"], "metadata": {"id": "k"},
         "attachments": {"a.png": {"image/png": "AAAA"}}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("saved", [JUPYTERLAB, VS_CODE, COLAB], ids=["lab", "code", "colab"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_programs_notebooks_are_accepted(saved: dict[str, Any], encoding: str) -> None:
    parsed = parse_notebook(json.dumps(saved).encode(encoding))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nbformat.validate(parsed)
    assert parsed.metadata == saved["metadata"]
    for cell, was in zip(parsed.cells, saved["cells"], strict=True):
        assert cell.source == "".join(was["source"])
        assert (cell.cell_type, cell.metadata) == (was["cell_type"], was["metadata"])
        assert cell.id == was.get("id", cell.id) and "attachments" not in cell
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
    assert parse_notebook(json.dumps(parsed).encode()) == parsed


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"x", "line 1, column 1, it is not JSON"),
        (b"\xff\xfe\xff", "its text is not UTF-16"),
        ('{"a": "é"}'.encode("latin-1"), "its text is not UTF-8"),
        (b"PK\x03\x04" + b"\xff" * 9, "not UTF-8"),
        (work()[:-20], "is not JSON"),
        (b'{"a": "\0"}', "null bytes"),
        (b"\0" * 40, "null bytes"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"9" * 5000, "a number without end"),
        (b"[]", "not a notebook"),
        (b"null", "not a notebook"),
        (b"{}", "not a notebook"),
        (b'{"nbformat": true, "cells": []}', "not a notebook"),
        (b'{"nbformat": 4}', "no list of cells"),
        (json.dumps(notebook(nbformat=5)).encode(), "format 5, which is newer"),
        (json.dumps(notebook(nbformat=3)).encode(), "old format 3 and cannot"),
        (b'{"nbformat": 3, "cells": null, "worksheets": [{"cells": 1}]}', "old format 3"),
        (json.dumps(notebook(nbformat=-1)).encode(), "old format -1 and cannot"),
        (json.dumps(notebook(metadata=[])).encode(), "notebook's metadata is damaged"),
        (json.dumps(notebook([])).encode(), "Cell 1 of the notebook is damaged"),
        (json.dumps(notebook(code(), code(3))).encode(), "text of cell 2 is damaged"),
        (json.dumps(notebook(code(["x", 3]))).encode(), "text of cell 1 is damaged"),
        (json.dumps(notebook(code(metadata=[]))).encode(), "metadata of cell 1 is damaged"),
        (json.dumps(notebook(*[code()] * 2001)).encode(), "2001 cells; at most 2000"),
        (b" " * (20 * 2**20 + 1), "larger than 20 MB"),
    ],
)  # fmt: skip
def test_a_broken_notebook_says_why_in_one_line(data: bytes, problem: str) -> None:
    with pytest.raises(NotebookProblem, match=problem) as caught:
        parse_notebook(data)
    assert "\n" not in str(caught.value)


def test_deep_metadata_is_refused() -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(NotebookProblem, match="nested too deeply"):
        parse_notebook(json.dumps(notebook(code(metadata={"x": deep}))).encode())
    # Outputs are dropped before anybody minds.
    parse_notebook(json.dumps(notebook(code(outputs=deep))).encode())


def test_oddities_do_not_fail_an_honest_notebook() -> None:
    odd = notebook(
        code(extra=1, outputs="none", execution_count="many"),
        code(id="a"),
        code(id="no good!"),
        {"cell_type": "hologram", "source": "\ud800 \0"},
        code(metadata={"tags": "a,b", "collapsed": 1, "nbgrader": {"grade_id": "q"}}),
        code(metadata={"x": float("inf")}),
        nbformat_minor=99,
        worksheets=[],
        metadata={"kernelspec": 3, "items": 1, "__class__": 2, "update": 3, "big": 0},
    )
    parsed = parse_notebook(json.dumps(odd).replace('"big": 0', '"big": 1e999').encode())
    nbformat.validate(parsed)
    assert parsed.cells[0].id == "a" and len({cell.id for cell in parsed.cells}) == 6
    assert parsed.cells[3].cell_type == "raw" and parsed.cells[3].source == "\\ud800 \ufffd"
    assert parsed.cells[4].metadata == {"nbgrader": {"grade_id": "q"}}
    assert parsed.cells[5].metadata == {"x": None}
    assert parsed.metadata == {"items": 1, "__class__": 2, "update": 3, "big": None}
    assert parse_notebook(json.dumps(odd).encode()).cells == parsed.cells


def test_nbformat_3_is_upgraded() -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Hi"]},
                    {"cell_type": "code", "language": "python", "metadata": {}, "input": ["x = 1"],
                     "outputs": [{"output_type": "?"}], "prompt_number": 3, "collapsed": False},
                ],
            }
        ],
    }  # fmt: skip
    parsed = parse_notebook(json.dumps(old).encode())
    nbformat.validate(parsed)
    assert [cell.source for cell in parsed.cells] == ["## Hi", "x = 1"]
    assert parse_notebook(json.dumps(old).encode()) == parsed


def accepts(data: bytes) -> None:
    """Either a valid notebook that can be stored, or a problem in one line."""
    try:
        parsed = parse_notebook(data)
    except NotebookProblem as problem:
        assert "\n" not in str(problem) and str(problem).isprintable()
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            nbformat.validate(parsed)
        assert parse_notebook(json.dumps(parsed).encode()) == parsed
        json.dumps(parsed, allow_nan=False)


@quick
@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_notebook_or_a_problem(data: bytes) -> None:
    accepts(data)


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5)
)
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(), v))
METADATA = ("kernelspec", "language_info", "tags", "name", "jupyter", "scrolled", "nbgrader",
            "orig_nbformat", "title", "authors", "execution", "format", "collapsed")  # fmt: skip
metadata = st.dictionaries(st.sampled_from(METADATA) | st.text(max_size=3), values, max_size=4)
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(("code", "markdown", "raw", "heading"))},
    optional={
        "id": values | st.sampled_from(("a", "cell-1", "cell-2")),
        "source": st.text() | st.lists(st.text(), max_size=2) | values,
        "input": st.text() | values,
        "metadata": metadata | values,
        "outputs": values,
        "attachments": values,
    },
)
sheets = st.lists(
    st.fixed_dictionaries({"cells": st.lists(cells | values, max_size=3)}), max_size=2
)
notebooks = st.fixed_dictionaries(
    {"nbformat": st.sampled_from((4, 4, 4, 3, 2, 1)) | values},
    optional={
        "nbformat_minor": st.integers(0, 9) | values,
        "metadata": metadata | values,
        "cells": st.lists(cells, max_size=5) | values,
        "worksheets": sheets | values,
    },
)


@settings(quick, max_examples=300)
@given(notebooks | values)
def test_any_json_is_a_notebook_or_a_problem(value: Any) -> None:
    accepts(json.dumps(value).encode())


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"doejane_1234_98765_{NAME}", ("doejane_1234", NAME)),
        ("doejane_LATE_1234_98765_02_kl_weight-1.ipynb", ("doejane_1234", "02_kl_weight-1.ipynb")),
        ("müllerzoë_1_2_a.zip", ("müllerzoë_1", "a.zip")),
        (f"LATE_anon_a1B2c_98765_{NAME}", ("anon_a1B2c", NAME)),
        (f"Jane van Doe_77_assignsubmission_file_/{NAME}", ("Jane van Doe_77", NAME)),
        (f"Jane O'Doe_77_assignsubmission_file/hw/{NAME}", ("Jane O_Doe_77", f"hw/{NAME}")),
        (f"Jane Doe_77_assignsubmission_file_{NAME}", ("Jane Doe_77", NAME)),
        (f"HW 2_jdoe_attempt_2026-01-30-15-00-00_{NAME}", ("jdoe", NAME)),
        ("Jane Doe_77_assignsubmission_onlinetext_/onlinetext.html", None),
        ("alice.ipynb", None),
        (f"alice_{NAME}", None),
    ],
)
def test_platforms_names_are_read(path: str, found: tuple[str, str] | None) -> None:
    info = SubmissionNames().collect(f"/some/where/{path}")
    assert found == (info and (info["student_id"], info["file_id"]))


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("alice", "alice"),
        (f"alice_{TOPIC}", "alice"),
        (f"{TOPIC} - alice", "alice"),
        (TOPIC, None),
        ("alice_01_variational_bayes", None),
        (f"{TOPIC}_alice_{TOPIC}", None),
    ],
)
def test_owners_are_named_where_it_is_clear(name: str, student: str | None) -> None:
    assert owner(name, TOPIC) == student


def test_copies_are_told_from_names() -> None:
    assert split_name("a (2).ipynb", on_platform=False) == ("a", 2, ".ipynb")
    assert split_name("a-Copy1.tar.gz", on_platform=False) == ("a", 1, ".tar.gz")
    assert split_name("group-1.ipynb", on_platform=False) == ("group-1", 0, ".ipynb")
    assert split_name("a-1.zip", on_platform=True) == ("a", 1, ".zip")
    assert split_name("data-1.csv", on_platform=True) == ("data-1.csv", 0, "")


@given(st.text(), st.text())
def test_student_ids_are_folders_and_stay_apart(one: str, two: str) -> None:
    first, second = student_id(one), student_id(two)
    assert not set(first) & set("+*?[]/,\\\0\n") and first.strip(" .") == first != ""
    assert not first.startswith("-") and len(first.encode()) < 200 and student_id(first) == first
    if first == second:
        assert unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", two)


@given(st.text() | st.lists(st.sampled_from(["..", ".", "a", "", "C:", "\\", "/"])).map("/".join))
def test_a_safe_path_stays_below(name: str) -> None:
    path = safe_path(name)
    if path is not None:
        assert os.path.normpath(path) == path and not path.startswith(("/", ".."))
        assert printable(path) == path


# --- collect ----------------------------------------------------------------------------------


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    return tmp_path / "class" / "submitted"


def collected(source: Path, submitted: Path) -> Collection:
    """Collect twice: the second time changes nothing."""
    first = collect(source, TOPIC, submitted)
    before = {path: path.stat().st_mtime_ns for path in submitted.rglob("*") if path.is_file()}
    again = collect(source, TOPIC, submitted)
    after = {path: path.stat().st_mtime_ns for path in submitted.rglob("*") if path.is_file()}
    assert (again.students, again.replaced, again.ignored) == (first.students, (), first.ignored)
    assert before == after and not list(submitted.glob(".*"))
    return first


ARRANGEMENTS = {
    "nbgrader": {f"alice/{TOPIC}/{NAME}": b"A", f"bob/{TOPIC}/{NAME}": b"B"},
    "folders": {f"alice/{NAME}": b"A", "bob/mine.ipynb": b"B", "bob/.DS_Store": b"x"},
    "nested": {f"alice/{TOPIC} (1)/{NAME}": b"A", f"bob/hw/{NAME}": b"B"},
    "files": {"alice.ipynb": b"A", f"bob_{NAME}": b"B", "Thumbs.db": b"x"},
    "prefixed": {f"{TOPIC}_alice.ipynb": b"A", "bob.ipynb": b"B"},
    "mixed": {"alice.ipynb": b"A", f"bob/{TOPIC}/{NAME}": b"B", "bob/01_variational_bayes/x": b""},
}


@pytest.mark.parametrize("wrap", ["", "download/", "a/b/", "submitted/"])
@pytest.mark.parametrize("pack", ["folder", "zip", "tar.gz"])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_every_arrangement_is_collected(
    tmp_path: Path, submitted: Path, arrangement: str, pack: str, wrap: str
) -> None:
    files = {wrap + name: data for name, data in ARRANGEMENTS[arrangement].items()}
    source = write(tmp_path / "source", files)
    if pack == "zip":
        source = tmp_path / "all.zip"
        source.write_bytes(zipped({**files, f"__MACOSX/{wrap}._alice.ipynb": b"x"}))
    elif pack == "tar.gz":
        source = tmp_path / "all.tar.gz"
        with tarfile.open(source, "w:gz") as archive:
            archive.add(tmp_path / "source", ".")
    got = collected(source, submitted)
    assert got == Collection(("alice", "bob"))
    assert tree(submitted) == {f"alice/{TOPIC}/{NAME}": b"A", f"bob/{TOPIC}/{NAME}": b"B"}


@pytest.mark.parametrize(
    "name", [f"alice/{TOPIC}/{NAME}", f"alice/{NAME}", "alice.ipynb", "alice/any.ipynb"]
)
def test_a_class_of_one_is_collected(tmp_path: Path, submitted: Path, name: str) -> None:
    assert collected(write(tmp_path / "s", {name: b"A"}), submitted).students == ("alice",)


def test_a_tree_in_place_is_left_alone(submitted: Path) -> None:
    write(submitted, {f"alice/{TOPIC}/mine.ipynb": b"A", "bob/01_variational_bayes/x.ipynb": b"B"})
    for source in (submitted, submitted.parent):
        assert collected(source, submitted) == Collection(("alice",))
    assert set(tree(submitted)) == {f"alice/{TOPIC}/mine.ipynb", "bob/01_variational_bayes/x.ipynb"}
    with pytest.raises(CollectionError, match="holds no submission for 05_layers"):
        collect(submitted, "05_layers", submitted)


def test_canvas(tmp_path: Path, submitted: Path) -> None:
    source = tmp_path / "submissions.zip"
    uploads = {
        f"doejane_11_500_{NAME}": b"old",
        "doejane_LATE_11_700_02_kl_weight-1.ipynb": b"new",
        "doejane_11_600_data-1.csv": b"1",
        f"doejane_12_501_{NAME}": b"namesake",
        "roeric_13_502_02_kl_weight.zip": zipped({f"{TOPIC}/{NAME}": b"Z", f"{TOPIC}/a.txt": b"a"}),
        "smith_14_503_02_kl_weight.zip": b"PK but broken",
        "brown_15_504_report.pdf": b"pdf",
        f"white_16_505_{NAME}": b"early",
        "white_16_506_02_kl_weight-1.zip": zipped({NAME: b"late", "timestamp.txt": "1999-01-01"}),
        "grades.csv": b"",
    }
    source.write_bytes(zipped(uploads))
    got = collected(source, submitted)
    assert tree(submitted) == {
        f"{student}/{TOPIC}/{name}": data
        for student, name, data in (
            ("doejane_11", NAME, b"new"),
            ("doejane_11", "data-1.csv", b"1"),
            ("doejane_12", NAME, b"namesake"),
            ("roeric_13", NAME, b"Z"),
            ("roeric_13", "a.txt", b"a"),
            ("smith_14", "02_kl_weight.zip", b"PK but broken"),
            ("brown_15", "report.pdf", b"pdf"),
            ("white_16", NAME, b"late"),
        )
    }
    assert dict(got.ignored) == {
        f"doejane_11_500_{NAME}": "doejane_11 has handed in "
        "doejane_LATE_11_700_02_kl_weight-1.ipynb later",
        f"white_16_505_{NAME}": "white_16 has handed in white_16_506_02_kl_weight-1.zip later",
        "smith_14: 02_kl_weight.zip": "cannot be read: the archive is damaged (BadZipFile).",
        "grades.csv": "is neither a notebook nor an archive",
    }
    read = read_submission(submitted / "smith_14" / TOPIC, TOPIC)
    assert "it holds 02_kl_weight.zip" in str(read.problem)


def test_moodle(tmp_path: Path, submitted: Path) -> None:
    at = "assignsubmission_file"
    source = write(
        tmp_path / "s",
        {
            f"Zoë O'Hara_7_{at}_/{NAME}": b"Z",
            f"Zoë O'Hara_7_{at}_/timestamp.txt": b"1999-01-01",
            f"Zoë O'Hara_8_{at}_/hw.zip": zipped({"x/y.ipynb": b"Y"}),
            f"Max Roe_9_{at}_/notes.txt": b"n",
            f"Lu Wu_6_{at}_/{TOPIC}/{NAME}": b"L",
            f"Lu Wu_6_{at}_/{TOPIC}/timestamp.txt": b"1999-01-01",
            "Max Roe_9_assignsubmission_onlinetext_/onlinetext.html": b"h",
            f"Ann Lee_10_{at}_{NAME}": b"A",
        },
    )
    got = collected(source, submitted)
    assert tree(submitted) == {
        f"Lu Wu_6/{TOPIC}/{NAME}": b"L",
        f"Zoë O_Hara_7/{TOPIC}/{NAME}": b"Z",
        f"Zoë O_Hara_8/{TOPIC}/{NAME}": b"Y",
        f"Max Roe_9/{TOPIC}/notes.txt": b"n",
        f"Ann Lee_10/{TOPIC}/{NAME}": b"A",
    }
    assert [name for name, _ in got.ignored] == ["Max Roe_9_assignsubmission_onlinetext_"]


def test_blackboard_knows_the_time(tmp_path: Path, submitted: Path) -> None:
    source = write(
        tmp_path / "s",
        {
            f"HW_jdoe_attempt_2026-01-30-15-00-00_{NAME}": b"new",
            f"HW_jdoe_attempt_2026-01-29-15-00-00_{NAME}": b"old",
        },
    )
    assert len(collected(source, submitted).ignored) == 1
    read = read_submission(submitted / "jdoe" / TOPIC, TOPIC)
    assert read.notebook == b"new" and read.submitted == datetime(2026, 1, 30, 15)
    parsed = CourseDirectory().get_existing_timestamp(str(submitted / "jdoe" / TOPIC))
    assert parsed == read.submitted


def test_nbgraders_time_is_kept_and_nonsense_is_not(tmp_path: Path, submitted: Path) -> None:
    times = {"alice": b"2026-01-30 15:00:00 UTC", "bob": b"\xffsoon"}
    files = {f"{student}/{TOPIC}/timestamp.txt": time for student, time in times.items()}
    files |= {f"{student}/{TOPIC}/{NAME}": b"{}" for student in times}
    got = collected(write(tmp_path / "s", files), submitted)
    assert got.ignored == (("bob: timestamp.txt", "holds no time"),)
    assert (submitted / "alice" / TOPIC / "timestamp.txt").exists()


def test_another_platforms_names_can_be_taught(tmp_path: Path, submitted: Path) -> None:
    source = write(tmp_path / "s", {"u-42-02_kl_weight.ipynb": b"A"})
    names = FileNameCollectorPlugin(named_regexp=r".*/u-(?P<student_id>\d+)-(?P<file_id>\w+)")
    assert collect(source, TOPIC, submitted, names=names).students == ("42",)
    assert tree(submitted) == {f"42/{TOPIC}/{NAME}": b"A"}


def test_a_changed_submission_takes_the_formers_place(tmp_path: Path, submitted: Path) -> None:
    source = write(tmp_path / "s", {f"alice/{NAME}": b"1", "alice/a.txt": b"a", "bob.ipynb": b"B"})
    collected(source, submitted)
    (source / "alice" / "a.txt").unlink()
    write(source, {f"alice/{NAME}": b"2"})
    assert collect(source, TOPIC, submitted).replaced == ("alice",)
    assert tree(submitted / "alice") == {f"{TOPIC}/{NAME}": b"2"}


def test_a_link_in_the_tree_is_replaced_not_followed(tmp_path: Path, submitted: Path) -> None:
    target = write(tmp_path / "target", {NAME: b"A"})
    (submitted / "alice").mkdir(parents=True)
    (submitted / "alice" / TOPIC).symlink_to(target)
    assert collect(write(tmp_path / "s", {"alice.ipynb": b"B"}), TOPIC, submitted).replaced
    assert tree(target) == {NAME: b"A"} and tree(submitted)[f"alice/{TOPIC}/{NAME}"] == b"B"


def test_files_beside_the_notebook_stay_as_they_are(tmp_path: Path, submitted: Path) -> None:
    files = {f"alice/{NAME}": b"A", "alice/data.zip": zipped({"x": b"1"}), "bob.ipynb": b"B"}
    collected(write(tmp_path / "s", files), submitted)
    assert zipfile.is_zipfile(submitted / "alice" / TOPIC / "data.zip")


@pytest.mark.timeout(20)
def test_links_and_pipes_are_not_collected(tmp_path: Path, submitted: Path) -> None:
    write(tmp_path, {"secret.ipynb": b"secret"})
    source = write(tmp_path / "s", {f"alice/{NAME}": b"A", f"bob/{NAME}": b"B"})
    (source / "eve.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (source / "alice" / "link").symlink_to(tmp_path / "secret.ipynb")
    (source / "carol").mkdir()
    (source / "carol" / TOPIC).symlink_to(tmp_path)
    os.mkfifo(source / "dan.ipynb")
    os.mkfifo(source / "bob" / "pipe")
    got = collected(source, submitted)
    assert got.students == ("alice", "bob", "carol")  # carol learns that it was a link
    assert set(tree(submitted)) == {f"alice/{TOPIC}/{NAME}", f"bob/{TOPIC}/{NAME}"}
    assert {name for name, _ in got.ignored} == {
        *("alice/link", "bob/pipe", f"carol/{TOPIC}", "dan.ipynb", "eve.ipynb")
    }
    assert read_submission(submitted / "carol" / TOPIC, TOPIC).problem is not None


def hostile_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, work())
        for name in ("../up", "/etc/abs", "C:\\win", "..\\back", "a/../../b", "x" * 250, "a/" * 20):
            archive.writestr(zipfile.ZipInfo(name + "f"), b"evil")
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        device = zipfile.ZipInfo("device")
        device.external_attr = (stat.S_IFCHR | 0o666) << 16
        archive.writestr(device, "")
        archive.writestr("clash", b"1")
        archive.writestr("clash/in", b"2")
        archive.writestr(zipfile.ZipInfo("odd"), b"3" * 99, compress_type=zipfile.ZIP_LZMA)
        archive.writestr("\x1b[2Jname", b"4")
    return stream.getvalue()


def test_a_hostile_zip_stays_in_its_place(tmp_path: Path, submitted: Path) -> None:
    for source in ("class.zip", "s/eve.zip"):
        data = hostile_zip()
        if source == "class.zip":
            data = zipped({"eve.zip": data, "bob.ipynb": b"B"})
        path = tmp_path / source
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        got = collected(path if source == "class.zip" else path.parent, submitted)
        assert sorted(tree(submitted / "eve")) == [
            *(f"{TOPIC}/{NAME}", f"{TOPIC}/clash", f"{TOPIC}/\ufffd[2Jname")
        ]
        assert len(got.ignored) == 11 and all(name.isprintable() for name, _ in got.ignored)
    assert {path.name for path in tmp_path.iterdir()} == {"class", "class.zip", "s"}


def test_a_hostile_class_archive_stays_in_its_place(tmp_path: Path, submitted: Path) -> None:
    (tmp_path / "class.zip").write_bytes(hostile_zip())
    with pytest.raises(CollectionError, match="Left out"):
        collect(tmp_path / "class.zip", TOPIC, submitted)
    assert {path.name for path in tmp_path.iterdir()} == {"class", "class.zip"}
    assert not tree(submitted)


def test_a_hostile_tar_stays_in_its_place(tmp_path: Path, submitted: Path) -> None:
    source = tmp_path / "class.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        for name, kind, link in (
            ("alice.ipynb", tarfile.REGTYPE, ""),
            ("../up", tarfile.REGTYPE, ""),
            ("/abs", tarfile.REGTYPE, ""),
            ("soft.ipynb", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.ipynb", tarfile.LNKTYPE, "/etc/passwd"),
            ("device.ipynb", tarfile.CHRTYPE, ""),
            ("pipe.ipynb", tarfile.FIFOTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mtime = kind, link, 2**40
            archive.addfile(info)
    got = collected(source, submitted)
    assert got.students == ("alice",) and len(got.ignored) == 6


def bomb(kind: str) -> bytes:
    zeros = b"\0" * 2**20
    if kind == "zip":
        return zipped({NAME: work(), "zeros": zeros})
    if kind == "lying zip":
        data = zipped({NAME: work(), "zeros": zeros})
        return data.replace((2**20).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    if kind == "entries":
        return zipped({f"f{i}": b"" for i in range(100)})
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        if kind == "long name":
            archive.addfile(tarfile.TarInfo("n" * 2**20))
        else:
            info = tarfile.TarInfo("zeros")
            info.size = 2**20
            archive.addfile(info, io.BytesIO(zeros))
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["zip", "lying zip", "entries", "tar", "long name"])
def test_bombs_do_not_go_off(tmp_path: Path, submitted: Path, kind: str) -> None:
    name = "eve.tar.gz" if kind in ("tar", "long name") else "eve.zip"
    source = write(tmp_path / "s", {name: bomb(kind), "bob.ipynb": b"B"})
    limits = SubmissionLimits(notebook_bytes=10_000, files_bytes=20_000, files=20)
    got = collect(source, TOPIC, submitted, limits)
    assert got.students == ("bob", "eve")
    assert sum(map(len, tree(submitted).values())) < 30_000
    assert any(name.startswith("eve") for name, _ in got.ignored)


def test_a_class_bomb_is_an_error(
    tmp_path: Path, submitted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "CLASS_BYTES", 100_000)
    (tmp_path / "all.zip").write_bytes(bomb("zip"))
    with pytest.raises(CollectionError, match=r"unpacks to more than .* download it again"):
        collect(tmp_path / "all.zip", TOPIC, submitted)
    assert not list(submitted.iterdir())


def test_encrypted_and_damaged_members_are_told(tmp_path: Path, submitted: Path) -> None:
    data = bytearray(zipped({"a.txt": b"a" * 50, NAME: b"n" * 50}))
    data[data.index(b"PK\x01\x02") + 8] |= 1  # a.txt's flag for encryption
    source = write(tmp_path / "s", {"eve.zip": bytes(data), "bob.ipynb": b"B"})
    assert "encrypted" in dict(collected(source, submitted).ignored)["eve: 02_kl_weight.zip: a.txt"]
    assert tree(submitted / "eve") == {f"{TOPIC}/{NAME}": b"n" * 50}
    data = bytearray(zipped({"a.txt": os.urandom(50), NAME: b"n"}))
    data[60] ^= 255
    (source / "eve.zip").write_bytes(data)
    assert (
        "is damaged" in dict(collected(source, submitted).ignored)["eve: 02_kl_weight.zip: a.txt"]
    )


def test_too_large_uploads_leave_a_row(tmp_path: Path, submitted: Path) -> None:
    files = {"eve.ipynb": b"x" * 9000, f"bob/{NAME}": b"B", "bob/data": b"x" * 9000}
    got = collect(write(tmp_path / "s", files), TOPIC, submitted, SMALL)
    assert got.students == ("bob", "eve") and len(got.ignored) == 2
    assert tree(submitted) == {f"bob/{TOPIC}/{NAME}": b"B"}
    assert read_submission(submitted / "eve" / TOPIC, TOPIC).problem is not None


@pytest.mark.parametrize("name", ["none", "empty", "notes.txt", "broken.zip", "file.ipynb"])
def test_a_wrong_source_is_explained(tmp_path: Path, submitted: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path, {"notes.txt": b"x", "broken.zip": b"x", "file.ipynb": b"x"})
    with pytest.raises(CollectionError) as caught:
        collect(tmp_path / name, TOPIC, submitted)
    message = str(caught.value)
    assert name in message
    for form in (f"STUDENT/{TOPIC}/{NAME}", f"STUDENT/{NAME}", "STUDENT.ipynb"):
        assert form in message


paths = st.lists(
    st.sampled_from(["alice", "bob", TOPIC, NAME, "x.ipynb", "a.zip", "b.csv", "timestamp.txt",
                     f"doe_1_2_{NAME}", "doe_1_3_02_kl_weight-1.ipynb", "É é", "a+b", "submitted"]),
    min_size=1, max_size=4,
).map("/".join)  # fmt: skip


@quick
@given(st.dictionaries(paths, st.binary(max_size=5), max_size=6))
def test_collecting_is_idempotent_and_never_fails_otherwise(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "all.zip"
        source.write_bytes(zipped(files))
        try:
            got = collected(source, Path(folder) / "submitted")
        except CollectionError:
            return
        for student in got.students:
            read = read_submission(Path(folder) / "submitted" / student / TOPIC, TOPIC)
            assert read.student == student and (read.notebook is None) == (read.problem is not None)
