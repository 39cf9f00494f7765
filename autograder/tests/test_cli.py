"""The command line says what was wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.course import Course, Score

run = CliRunner()


def test_unknown_assignment() -> None:
    done = run.invoke(cli.app, ["grade", "99_nothing"])
    assert done.exit_code == 2
    assert "There are: 02_kl_weight" in done.output


def test_nobody_submitted(tmp_path: Path) -> None:
    done = run.invoke(cli.app, ["grade", "02_kl_weight", "--folder", str(tmp_path)])
    assert done.exit_code == 2
    assert "Nobody has submitted 02_kl_weight" in done.output


def test_unknown_isolation() -> None:
    done = run.invoke(cli.app, ["grade", "02_kl_weight", "--isolation", "hope"])
    assert done.exit_code == 2 and "'bubblewrap' or 'none'" in done.output


def test_demonstration_class(tmp_path: Path) -> None:
    done = run.invoke(cli.app, ["demo-class", "02_kl_weight", "--folder", str(tmp_path)])
    assert done.exit_code == 0
    assert Course(tmp_path).students("02_kl_weight") == ["ada", "ben", "cleo", "dan"]


def test_table_of_scores(capsys: pytest.CaptureFixture[str]) -> None:
    cli._show_scores([Score("ada", "make_prior", 12, 12, False), Score("ada", "why", 0, 10, True)])
    printed = capsys.readouterr().out
    assert "12 │" in printed and "0* │" in printed
    assert "1 make_prior (12)" in printed and "2 why (10)" in printed
