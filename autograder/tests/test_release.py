"""The zips: what is in them, what is not, and that a notebook works wherever one is unpacked."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from packaging.requirements import Requirement

from autograder.builder import LIBRARY, solution_source
from autograder.checks import checks_of
from autograder.release import student_files, zip_assignments
from autograder.topics import COURSE_ID, GIVEN, ROOT, TOPICS, module_name, written_topics


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the zips of the committed release."""
    folder = tmp_path_factory.mktemp("zips")
    zip_assignments(written_topics(), ROOT / "exercises", folder)
    return folder


def contents(path: Path) -> dict[str, str]:
    """The files of a zip, by their path below the course's folder."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert all(name.startswith(f"{COURSE_ID}/") for name in names)
        return {n.partition("/")[2]: archive.read(n).decode("utf-8") for n in names}


def bodies(topic: str) -> dict[str, list[str]]:
    """What a student is to write, by function."""
    library = (LIBRARY / f"{module_name(topic)}.py").read_text(encoding="utf-8")
    parts = {
        name: solution_source(library, name).split("### BEGIN SOLUTION\n")[1:]
        for name in checks_of(topic)
    }
    return {
        name: [part.split("### END SOLUTION")[0].strip() for part in found]
        for name, found in parts.items()
    }


def readable(files: dict[str, str]) -> str:
    """All text of some files; notebooks also as a person sees them, without JSON's escapes."""
    notebooks = [
        cell.source
        for name, text in files.items()
        if name.endswith(".ipynb")
        for cell in nbformat.reads(text, as_version=4).cells
    ]
    return "\n".join([*files.values(), *notebooks])


def test_one_zip_for_each_assignment_and_one_of_all(zips: Path) -> None:
    expected = {f"{name}.zip" for name in [*written_topics(), COURSE_ID]}
    assert {path.name for path in zips.iterdir()} == expected
    everything = set(contents(zips / f"{COURSE_ID}.zip"))
    assert everything == {
        name for topic in written_topics() for name in contents(zips / f"{topic}.zip")
    }


@pytest.mark.parametrize("topic", written_topics())
def test_zip_of_an_assignment(zips: Path, topic: str) -> None:
    files = contents(zips / f"{topic}.zip")
    modules = [*GIVEN, *map(module_name, TOPICS[: TOPICS.index(topic)])]
    assert set(files) == {
        *student_files(),
        f"{topic}/{topic}.ipynb",
        f"{topic}/bayescnn/selfchecks/{topic}.json",
        *(f"{topic}/bayescnn/{module}.py" for module in modules),
    }


@pytest.mark.parametrize("topic", written_topics())
def test_no_zip_of_an_assignment_holds_its_answers_or_later_ones(zips: Path, topic: str) -> None:
    text = readable(contents(zips / f"{topic}.zip"))
    for later in TOPICS[TOPICS.index(topic) :]:
        if later in written_topics():
            for name, found in bodies(later).items():
                assert not [body for body in found if body in text], (later, name)
    for mark in ("BEGIN SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "autograder.hidden", "def _true"):
        assert mark not in text


def test_no_folder_of_the_zip_of_all_holds_its_own_answers(zips: Path) -> None:
    files = contents(zips / f"{COURSE_ID}.zip")
    for topic in written_topics():
        text = readable({name: t for name, t in files.items() if name.startswith(f"{topic}/")})
        for name, found in bodies(topic).items():
            assert not [body for body in found if body in text], (topic, name)


def test_an_answer_would_be_found(zips: Path) -> None:
    """The search above finds what it looks for: the module of assignment 01 lies in 02's zip."""
    first, second = written_topics()[:2]
    text = readable(contents(zips / f"{second}.zip"))
    assert all(body in text for found in bodies(first).values() for body in found)


def test_same_files_same_zip(zips: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(ROOT / "exercises", tmp_path / "exercises")
    (copy / written_topics()[0] / ".ipynb_checkpoints").mkdir()
    (copy / written_topics()[0] / ".ipynb_checkpoints" / "mine.ipynb").write_text("{}")
    for path in zip_assignments(written_topics(), copy, tmp_path / "again"):
        assert path.read_bytes() == (zips / path.name).read_bytes()


def test_environment_has_what_the_assignments_import() -> None:
    files = student_files()
    pinned = yaml.safe_load(files["environment.yml"])["dependencies"][-1]["pip"]
    wanted = [Requirement(line) for line in files["requirements.txt"].splitlines()]
    versions = dict(line.split("==") for line in pinned)
    assert [r.name for r in wanted] == list(versions)
    assert all(versions[r.name] in r.specifier for r in wanted)
    assert {"tensorflow", "tensorflow-probability", "tf-keras", "jupyterlab"} <= set(versions)
    assert "nbgrader" not in versions


def run_first_cell(folder: Path, topic: str) -> list:
    """The outputs of a notebook's first cell with code, and where that leaves the kernel."""
    notebook = nbformat.read(folder / f"{topic}.ipynb", as_version=4)
    first = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells = notebook.cells[: first + 1]
    notebook.cells.append(nbformat.v4.new_code_cell("import os; print(os.getcwd())"))
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return [output for cell in notebook.cells[first:] for output in cell.outputs]


@pytest.fixture
def lonely(zips: Path, tmp_path: Path) -> Path:
    """A folder with an assignment's notebook alone, as Colab opens it."""
    with zipfile.ZipFile(zips / "02_kl_weight.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    found = tmp_path / "unpacked" / COURSE_ID / "02_kl_weight" / "02_kl_weight.ipynb"
    (tmp_path / "content").mkdir()
    return Path(shutil.copy(found, tmp_path / "content")).parent


@pytest.mark.slow
def test_notebook_beside_its_zip_unpacks_it(zips: Path, lonely: Path) -> None:
    shutil.copy(zips / "02_kl_weight.zip", lonely)
    outputs = run_first_cell(lonely, "02_kl_weight")
    assert [output.output_type for output in outputs] == ["stream"], outputs
    assert outputs[0].text.strip() == str(lonely / COURSE_ID / "02_kl_weight")


@pytest.mark.slow
def test_notebook_alone_says_what_it_needs(lonely: Path) -> None:
    error = run_first_cell(lonely, "02_kl_weight")[0]
    assert error.ename == "FileNotFoundError"
    assert "upload 02_kl_weight.zip" in error.evalue
