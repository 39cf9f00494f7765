"""The builder: stubs keep signature and docstring, answers go between marks, errors speak."""

from __future__ import annotations

import ast
import textwrap

import pytest

from autograder import builder
from autograder.builder import BuildError, function_source, import_source, solution_source
from autograder.checks import checks_of
from autograder.topics import ROOT, TOPICS, module_name, shipped_modules, written_topics

MODULE = textwrap.dedent(
    '''
    """A module."""

    import math
    from typing import Any

    pi = math.pi
    LIMIT = 3


    def area(radius: float) -> float:
        """Compute an area.

        Returns:
            pi r squared.
        """
        # because circles are round
        if radius < 0:
            raise ValueError("negative")
        return pi * radius**2


    class Tally:
        """Counts."""

        def __init__(self) -> None:
            self.count = 0

        def add(self, n: int) -> None:
            """Add n."""
            self.count += n

        def total(self) -> int:
            """Return the count."""
            return self.count


    def bare() -> None:
        return None
    '''
)


def stub(source: str) -> str:
    """What nbgrader's ClearSolutions leaves of a solution cell."""
    kept, inside = [], False
    for line in source.splitlines():
        if "### BEGIN SOLUTION" in line:
            inside = True
            kept.append(line.replace("### BEGIN SOLUTION", "raise NotImplementedError()"))
        elif "### END SOLUTION" in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def test_stub_keeps_signature_and_docstring() -> None:
    function = ast.parse(stub(solution_source(MODULE, "area"))).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert ast.unparse(function.args) == "radius: float"
    assert "pi r squared" in (ast.get_docstring(function) or "")
    assert "circles" not in stub(solution_source(MODULE, "area"))
    assert len(function.body) == 2


def test_class_keeps_its_constructor() -> None:
    text = stub(solution_source(MODULE, "Tally"))
    assert "self.count = 0" in text
    assert "self.count +=" not in text and "return self.count" not in text
    assert text.count("raise NotImplementedError()") == 2


def test_marks_taken_away_give_the_library_back() -> None:
    for name in ("area", "Tally"):
        marked = solution_source(MODULE, name)
        plain = "\n".join(line for line in marked.splitlines() if "SOLUTION" not in line)
        assert plain == function_source(MODULE, name)


def test_imports_and_their_aliases() -> None:
    assert import_source(MODULE).splitlines() == [
        "import math",
        "from typing import Any",
        "pi = math.pi",
    ]


@pytest.mark.parametrize(("name", "word"), [("missing", "no function"), ("bare", "docstring")])
def test_errors_name_the_function(name: str, word: str) -> None:
    with pytest.raises(BuildError, match=word):
        solution_source(MODULE, name)


@pytest.mark.parametrize("topic", written_topics())
def test_notebook_is_the_same_every_time(topic: str) -> None:
    assert builder.source_notebook(topic) == builder.source_notebook(topic)


@pytest.mark.parametrize("topic", written_topics())
def test_every_graded_function_is_in_the_library(topic: str) -> None:
    text = (ROOT / "solutions" / "bayescnn" / f"{module_name(topic)}.py").read_text()
    for name in checks_of(topic):
        assert f" {name}" in function_source(text, name).splitlines()[0]


def test_a_text_that_forgets_a_function_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("root")
    (folder / "solutions").mkdir()
    text = (ROOT / "solutions" / "02_kl_weight.md").read_text(encoding="utf-8")
    (folder / "solutions" / "02_kl_weight.md").write_text(
        text.replace("check: make_prior", "x: y"), encoding="utf-8"
    )
    monkeypatch.setattr(builder, "ROOT", folder)
    with pytest.raises(BuildError, match="one check cell for each"):
        builder.source_notebook("02_kl_weight")


def test_no_topic_ships_itself_or_a_later_one() -> None:
    for number, topic in enumerate(TOPICS):
        shipped = set(shipped_modules(topic))
        assert shipped.isdisjoint(module_name(later) for later in TOPICS[number:])
        assert shipped.issuperset(module_name(earlier) for earlier in TOPICS[:number])
