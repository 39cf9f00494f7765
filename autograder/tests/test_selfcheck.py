"""A student's self-checks: what they say, in the notebook and in a terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.builder import mistaken_answers, self_check_data
from autograder.checks import checks_of
from autograder.sample import filled, model_answers, released
from autograder.topics import ROOT, written_topics
from autograder.variants import namespace
from bayescnn import selfcheck
from bayescnn.selfcheck import NotebookError, SelfCheck, check_notebook

TOPIC = "02_kl_weight"
RELEASED = ROOT / "exercises" / TOPIC


@pytest.fixture
def topic() -> str:
    """Which release a student has; other tests name others."""
    return TOPIC


@pytest.fixture
def checks(topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library's SelfCheck find the released data."""
    package = ROOT / "exercises" / topic / "bayescnn"
    monkeypatch.setattr(selfcheck, "__file__", str(package / "selfcheck.py"))


@pytest.mark.parametrize("topic", written_topics())
def test_reference_passes_every_visible_check(checks: None, topic: str) -> None:
    check = SelfCheck(topic, namespace(topic))
    assert check.names == list(checks_of(topic))
    for name in check.names:
        assert all(right for right, _ in check.findings(name)), name


@pytest.mark.parametrize(
    ("topic", "name"), [(topic, name) for topic in written_topics() for name in checks_of(topic)]
)
def test_every_mistake_is_met_with_a_sentence(
    checks: None, topic: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wrong variant fails its visible check, and some part of the answer helps."""
    helped = 0
    wrong = mistaken_answers(topic, name)
    for variant, answers in wrong:
        monkeypatch.setattr(selfcheck, "answer_probes", lambda *_, answers=answers: answers)
        findings = SelfCheck(topic, {}).findings(name)
        failed = [text for right, text in findings if not right]
        assert failed, variant.title
        helped += any(variant.hint in text or "Instead: " in text for text in failed)
    assert helped >= len(wrong) - 2


def test_an_empty_function_is_called_empty(checks: None) -> None:
    def parameter_count(n_features: int, n_units: int) -> int:
        raise NotImplementedError

    said: list[str] = []
    SelfCheck(TOPIC, {"parameter_count": parameter_count})("parameter_count", said.append)
    assert said == ["✗ parameter_count: this function is still empty."]
    said.clear()
    SelfCheck(TOPIC, {})("parameter_count", said.append)
    assert all("name 'parameter_count' is not defined" in line for line in said)


def test_unknown_names_are_told_the_known_ones(checks: None) -> None:
    with pytest.raises(KeyError, match="parameter_count, make_prior"):
        SelfCheck(TOPIC, {})("paramter_count")
    with pytest.raises(FileNotFoundError, match="Unpack the assignment"):
        SelfCheck("99_nothing", {})


@pytest.mark.parametrize("topic", [TOPIC])
def test_self_checks_hold_no_judge(topic: str) -> None:
    """What ships are probes, inputs and answers to these inputs; no way to compute an answer."""
    data = self_check_data(topic)
    assert set(data) == set(checks_of(topic))
    for check in data.values():
        for part in check["parts"]:
            assert set(part) == {"expects", "probe", "truth", "rtol", "atol", "mistakes"}
            assert "_true" not in part["probe"]


@pytest.mark.slow
def test_check_from_a_terminal(tmp_path: Path) -> None:
    """`python -m bayescnn check` in the released folder, which has no other bayescnn beside it."""
    folder = tmp_path / TOPIC
    subprocess.run(["cp", "-r", str(RELEASED), str(folder)], check=True)
    answers = model_answers(TOPIC)
    answers["make_prior"] = "def make_prior(kernel_size, bias_size, dtype=None):\n    return 1 / 0"
    nbformat.write(filled(TOPIC, answers), folder / f"{TOPIC}.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "bayescnn", "check", f"{TOPIC}.ipynb"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert "7 of 8 functions pass" in done.stdout
    assert "ZeroDivisionError" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_files_that_are_no_assignment(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="no file"):
        check_notebook(tmp_path / "nothing.ipynb")
    (tmp_path / "text.ipynb").write_text("hello")
    with pytest.raises(NotebookError, match="not a Jupyter notebook"):
        check_notebook(tmp_path / "text.ipynb")
    nbformat.write(released(TOPIC), tmp_path / "mine.ipynb")
    with pytest.raises(NotebookError, match="Keep the notebook's name"):
        check_notebook(tmp_path / "mine.ipynb")
