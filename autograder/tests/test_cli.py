"""The command line says what was wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder import cli, variants
from autograder.course import Course
from autograder.results import QuestionResult, Result
from autograder.variants import Outcome

run = CliRunner()


def test_unknown_assignment() -> None:
    done = run.invoke(cli.app, ["grade", "99_nothing"])
    assert done.exit_code == 2
    assert "There are: 01_variational_bayes" in done.output and "02_kl_weight" in done.output


def test_nobody_submitted(tmp_path: Path) -> None:
    done = run.invoke(cli.app, ["grade", "02_kl_weight", "--folder", str(tmp_path)])
    assert done.exit_code == 2
    assert "Nobody handed in anything for 02_kl_weight" in done.output


def test_unknown_isolation() -> None:
    done = run.invoke(cli.app, ["grade", "02_kl_weight", "--isolation", "hope"])
    assert done.exit_code == 2 and "'bubblewrap' or 'none'" in done.output


def test_demonstration_class(tmp_path: Path) -> None:
    done = run.invoke(cli.app, ["demo-class", "02_kl_weight", "--folder", str(tmp_path)])
    assert done.exit_code == 0
    assert Course(tmp_path).students("02_kl_weight") == ["ada", "ben", "cleo", "dan"]


def test_unknown_student(tmp_path: Path) -> None:
    run.invoke(cli.app, ["demo-class", "02_kl_weight", "--folder", str(tmp_path)])
    words = ["grade", "02_kl_weight", "--folder", str(tmp_path), "--student", "zoe"]
    done = run.invoke(cli.app, words)
    assert done.exit_code == 2 and "zoe handed in nothing for 02_kl_weight" in done.output


def test_unknown_question() -> None:
    done = run.invoke(cli.app, ["regrade", "02_kl_weight", "make_coffee"])
    assert done.exit_code == 2 and "parameter_count" in done.output


def test_a_scheduler_that_is_not_there(tmp_path: Path) -> None:
    run.invoke(cli.app, ["demo-class", "02_kl_weight", "--folder", str(tmp_path)])
    words = ["grade", "02_kl_weight", "--folder", str(tmp_path), "--scheduler", "tcp://127.0.0.1:9"]
    done = run.invoke(cli.app, words)
    assert done.exit_code == 1 and "tcp://127.0.0.1:9" in done.output


def test_table_of_results(capsys: pytest.CaptureFixture[str]) -> None:
    questions = (QuestionResult("make_prior", 12, 12), QuestionResult("why", 0, 10, by_hand=True))
    cli._show_results([Result("a[b]da", "02_kl_weight", questions)])
    printed = capsys.readouterr().out
    assert "a[b]da" in printed and "12 │" in printed and "0* │" in printed
    assert "1 make_prior (12)" in printed and "2 why (10)" in printed


def test_a_misjudged_mutant_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake that earned too much, and a right answer that earned too little."""
    earned = {"a": 8.0, "b": 6.0, "c": 3.0, "d": 5.0, "e": 3.0}
    fair = {"a": 8.0, "b": 8.0, "c": 3.0, "d": 3.0, "e": 3.0}

    def matrix(topic: str) -> Iterator[Outcome]:
        for title, points in earned.items():
            right = title in "ab"
            yield Outcome(topic, "mean_field", f"[{title}]", right, fair[title], points)

    monkeypatch.setattr(variants, "matrix", matrix)
    monkeypatch.setattr(cli, "import_tensorflow", lambda: None)
    done = run.invoke(cli.app, ["mutants", "03_posteriors"])
    assert done.exit_code == 1
    cells = next(line for line in done.output.splitlines() if "mean_field" in line).split("│")
    assert [int(cell) for cell in cells[2:6]] == [2, 3, 1, 1]
    assert "mean_field: [b]: earned 6, not 8" in done.output
    assert "mean_field: [d]: earned 5, not 3" in done.output
