"""An assignment that builds on the student's own earlier answers, and on nothing that is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.checks import checks_of
from autograder.sample import filled, model_answers
from autograder.topics import ROOT, written_topics
from autograder.variants import variants_of

LAST = written_topics()[-1]
BEFORE, DONE, EARLIER = "04_priors", "02_kl_weight", "03_posteriors"
"""What the student did last; an assignment that is done but for two functions; one not begun."""

SCRIPT = f"""
from bayescnn import kl_weight
from bayescnn.kl_weight import parameter_count, per_example_weight
from bayescnn.own_answers import use_own_answers
answers = use_own_answers({LAST!r}, globals())
for answer in answers:
    print("=", answer.topic, answer.function, answer.own)
print("mine:", parameter_count.__code__.co_filename, kl_weight.parameter_count is parameter_count)
print("theirs:", per_example_weight.__code__.co_filename)
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a student who has done a part of the course."""
    folder = tmp_path_factory.mktemp("desk")
    for topic in (BEFORE, DONE, EARLIER, LAST):
        shutil.copytree(ROOT / "exercises" / topic, folder / topic)
    answers = model_answers(DONE)
    names = list(checks_of(DONE))
    wrong = next(v for v in variants_of(DONE, "per_example_weight") if not v.right)
    answers |= {"per_example_weight": wrong.source, names[-1]: "this is no Python"}
    nbformat.write(filled(DONE, answers), folder / DONE / f"{DONE}.ipynb")
    (folder / BEFORE / f"{BEFORE}.ipynb").write_text("no notebook")
    return folder


def run(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_what_passes_is_mine_and_nothing_else(desk: Path) -> None:
    said = run(desk / LAST)
    names = list(checks_of(DONE))
    lines = [line.split()[1:] for line in said.splitlines() if line.startswith("= ")]
    own = {name: whose == "True" for topic, name, whose in lines if topic == DONE}
    assert own == {name: name not in ("per_example_weight", names[-1]) for name in names}
    assert not any(whose == "True" for topic, _, whose in lines if topic != DONE)
    assert "mine: <your parameter_count> True" in said
    assert "theirs: " in said and "<your per_example_weight>" not in said


@pytest.mark.slow
def test_it_says_why_a_function_is_not_mine(desk: Path) -> None:
    said = run(desk / LAST)
    assert (
        f"{DONE}: {len(checks_of(DONE)) - 2} of {len(checks_of(DONE))} functions are yours" in said
    )
    assert "SyntaxError" in said
    assert said.count("this function is still empty") == len(checks_of(EARLIER))
    assert f"{BEFORE}: the course's functions" in said


@pytest.mark.slow
def test_an_assignment_alone_is_the_courses(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "exercises" / LAST, tmp_path / LAST)
    assert "No earlier assignment lies beside this one" in run(tmp_path / LAST)
