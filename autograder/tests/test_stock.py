"""The same notebooks under nbgrader's own configuration: graded in the kernel, weaker but alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.builder import build_source
from autograder.course import Course, environment
from autograder.sample import filled, model_answers
from autograder.tests.notebooks import NOISE, after

TOPIC = "02_kl_weight"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_stock_configuration_grades_too(tmp_path: Path) -> None:
    """Without our engine the hidden cells run probe and judge together, in the kernel."""
    config = tmp_path / "nbgrader_config.py"
    config.write_text(
        "c = get_config()\n"
        "c.CourseDirectory.course_id = 'stock'\n"
        f"c.CourseDirectory.root = {str(tmp_path)!r}\n"
        "c.Execute.timeout = 120\n"
    )

    def nbgrader(*words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment(),
        )
        assert done.returncode == 0, done.stderr

    stock = Course(tmp_path)
    build_source(TOPIC, tmp_path / "source")
    nbgrader("generate_assignment", TOPIC, "--create")
    noisy = after(filled(TOPIC, model_answers(TOPIC)), "parameter_count", NOISE)
    stock.submit("reference", TOPIC, noisy)
    stock.submit("stub", TOPIC, filled(TOPIC, {}))
    nbgrader("autograde", TOPIC, "--create")
    table: dict[str, float] = {}
    for score in stock.scores(TOPIC):
        table[score.student] = table.get(score.student, 0.0) + score.points
    assert table == {"reference": 90.0, "stub": 0.0}
