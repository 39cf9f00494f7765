"""otter-grader, the other side of a benchmark: it grades the light notebook as it should."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from autograder import bench_otter
from autograder.bench_otter import OtterError, grade, install, make_assignment
from autograder.sample import model_answers, released


@pytest.mark.slow
def test_otter_grades_the_light_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        python = install(tmp_path / "venv")
    except OtterError as why:
        pytest.skip(f"otter-grader cannot be installed here, there may be no network: {why}")
    assert install(tmp_path / "venv") == python
    assignment = make_assignment(tmp_path / "assignment", python)
    right, untouched = tmp_path / "right.ipynb", tmp_path / "untouched.ipynb"
    nbformat.write(assignment.submission(model_answers(bench_otter.TOPIC)), right)
    nbformat.write(assignment.submission({}), untouched)
    # Students receive our stubs, and neither an answer nor a hidden test.
    stubs = {cell.source for cell in released(bench_otter.TOPIC).cells}
    received = {c.source for c in nbformat.read(untouched, as_version=4).cells}
    assert len(stubs & received) == 1 + len(bench_otter.LIGHT)
    assert "def test_one_unit" in untouched.read_text()
    assert "def test_several_units" not in untouched.read_text()
    # Full marks for the one and none for the other, or this raises ...
    seconds = grade(python, [right, untouched], assignment.archive)
    assert len(seconds) == 2 and min(seconds) > 0
    # ... as it does here, where an untouched notebook is expected to earn what a right one does.
    monkeypatch.setattr(bench_otter, "_expected", lambda _: float(bench_otter.FULL_MARKS))
    with pytest.raises(OtterError, match="must earn 26 points; otter gave 0"):
        grade(python, [untouched], assignment.archive)


def test_no_otter_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise OtterError("no network")

    monkeypatch.setattr(bench_otter, "_call", fail)
    with pytest.raises(OtterError, match=r"cannot be installed here: no network"):
        install(tmp_path / "venv")
    assert not (tmp_path / "venv" / "complete.json").exists()
