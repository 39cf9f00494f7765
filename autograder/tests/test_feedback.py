"""A student's feedback page: safe with any text, cut to size, and readable."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.notebooknode import from_dict

from autograder.feedback import MAX_OUTPUT, MAX_SOURCE, Answer, answers_in, render_feedback
from autograder.pages import plain, shortened
from autograder.tests.made_pages import (
    CLASS,
    HOSTILE,
    READ_BY_A_PERSON,
    Page,
    anything,
    check_page,
    open_page,
    question,
    questions,
    result,
    results,
    texts,
)

SOURCE = 'def mean(x: list) -> float:\n    """The mean."""\n    return sum(x) / len(x)  # of all'
ANSWERS = [Answer("mean", SOURCE, "2.5"), Answer("scale", SOURCE)]
COMMENTS = {"essay": "Nearly.\nRead section 4."}

# --- Any text ------------------------------------------------------------------------------------


def known() -> Page:
    """All that the template writes, from students of every kind."""
    students = [
        *CLASS,
        result("full", question("mean", 2, 2)),
        result("none", question("mean", 0, 0, instead="KeyError: 'x'")),
    ]
    pages = [render_feedback(r, ANSWERS, "The KL weight", COMMENTS) for r in students]
    whole = Page(pages[0])
    for page in map(Page, pages):
        whole.tags |= page.tags
        whole.attributes |= page.attributes
    return whole


KNOWN = known()


@settings(max_examples=60, deadline=None)
@given(result=results, source=texts, output=texts, title=texts, comment=texts)
def test_no_text_becomes_markup(
    result: Any, source: str, output: str, title: str, comment: str
) -> None:
    names = [q.name for q in result.questions]
    answers = [Answer(name, source, output) for name in names]
    html = render_feedback(result, answers, title, dict.fromkeys(names, comment))
    html.encode("utf-8")
    page = Page(html)
    check_page(page)
    assert page.tags <= KNOWN.tags
    assert page.attributes <= KNOWN.attributes
    assert page.links == [f"#q{i + 1}" for i in range(len(names))]
    assert set(page.links) <= {f"#{id_}" for id_ in page.ids}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(text: str) -> None:
    student = result(text, question(text, 0, instead=text), failure=text)
    page = Page(render_feedback(student, [Answer(text, text, text)], text, {text: text}))
    shown = plain(text)[:79]
    # Title and heading, student twice, failure, two names, expectation, instead, code and output,
    # comment; backticks in an expectation become code.
    assert page.words.count(shown) >= 10


@given(text=st.lists(st.one_of(anything, st.sampled_from(HOSTILE))).map("".join))
def test_plain_text_is_plain(text: str) -> None:
    clean = plain(text)
    assert plain(clean) == clean
    clean.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", clean)


def test_plain_text_keeps_what_is_honest() -> None:
    honest = "Ēriks 木村 עדן 👩‍🔬\n\tKL(q‖p) ≥ 0"
    assert plain(honest) == honest
    assert plain("\x1b[1;31mNo\x1b[0m \x1b]0;title\x07way\x1b(B\x9b2K!") == "No way!"
    assert plain("10 %\r50 %\r100 %\r\ndone") == "100 %\ndone"
    assert plain("a\u202eb") == "a⟨U+202E⟩b"


def test_cleaning_takes_linear_time() -> None:
    for text in ("\x1b]" * 200_000, "\x1b[" * 200_000, "\x1bP" * 200_000, "\r" * 400_000):
        assert len(plain(text)) < len(text)


# --- Cut to size ---------------------------------------------------------------------------------


@given(text=anything | st.integers(0, 300).map(lambda n: "line\n" * n), limit=st.integers(8, 60))
def test_shortened_text_keeps_its_ends(text: str, limit: int) -> None:
    short = shortened(text, 10 * limit, limit)
    if short != text:
        head, notice, tail = re.split(r"\n\[… ([\d,]+) characters left out here …\]\n", short)
        assert text.startswith(head)
        assert text.endswith(tail)
        assert len(head) + int(notice.replace(",", "")) + len(tail) == len(text)
        assert len(head) + len(tail) <= 10 * limit
        assert short.count("\n") < limit


def test_short_text_stays_whole() -> None:
    assert shortened("a\nb", 3, 2) == "a\nb"


# --- From the graded notebook --------------------------------------------------------------------


def cell(name: str, source: str, *outputs: dict[str, Any], **marks: Any) -> dict[str, Any]:
    nbgrader = {"grade_id": name, "solution": True, "grade": False, "locked": False, **marks}
    return {
        "cell_type": "code",
        "metadata": {"nbgrader": nbgrader},
        "source": source,
        "outputs": list(outputs),
    }


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def read(*cells: dict[str, Any]) -> list[Answer]:
    return answers_in(from_dict({"cells": list(cells)}))


def test_answers_come_from_solution_cells_only() -> None:
    hidden = cell(
        "check-mean", "points('hidden')", stream("✓"), grade=True, solution=False, locked=True
    )
    turned = cell("check-scale", "points('hidden')", locked=True)  # marked by the student
    text = {"cell_type": "markdown", "metadata": {}, "source": "Words."}
    own = {"cell_type": "code", "metadata": {}, "source": "1 + 1", "outputs": []}
    assert read(text, cell("mean", "a = 1"), hidden, turned, own) == [Answer("mean", "a = 1")]


def test_the_later_of_two_cells_counts() -> None:
    assert read(cell("mean", "first"), cell("mean", "second")) == [Answer("mean", "second")]


def test_only_plain_text_is_read() -> None:
    rich = {
        "text/html": "<b>no</b>",
        "application/javascript": "no()",
        "image/png": "no",
        "application/vnd.jupyter.widget-view+json": {"model_id": "no"},
    }
    (answer,) = read(
        cell(
            "mean",
            "x",
            stream("\x1b[32mone\x1b[0m\n"),
            {"output_type": "display_data", "data": {**rich, "text/plain": "two"}},
            {"output_type": "display_data", "data": rich},
            {"output_type": "execute_result", "data": {"text/plain": ["thr", "ee"]}},
        )
    )
    assert answer.output == "one\ntwo\nthree"


def test_an_error_is_told_with_its_traceback() -> None:
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'x'"}
    traceback = [
        "\x1b[31m" + "-" * 75 + "\x1b[0m",
        "Cell In[1], line 2",
        "\x1b[31mKeyError\x1b[0m: 'x'",
    ]
    assert read(cell("a", "", {**error, "traceback": traceback}))[0].output == (
        "Cell In[1], line 2\nKeyError: 'x'"
    )
    assert read(cell("a", "", {**error, "traceback": []}))[0].output == "KeyError: 'x'"


def test_long_answers_are_cut() -> None:
    (answer,) = read(cell("mean", "x = 1\n" * 50_000, stream("line\n" * 50_000 + "the end")))
    for text, (max_chars, max_lines) in ((answer.output, MAX_OUTPUT), (answer.source, MAX_SOURCE)):
        assert "characters left out here" in text
        assert len(text) <= max_chars + 60
        assert text.count("\n") < max_lines
    assert answer.output.endswith("the end")


def test_malformed_cells_do_no_harm() -> None:
    odd = cell("mean", "x", {"output_type": "error"}, {"output_type": "stream", "text": 5}, {})
    odd["outputs"].append({"output_type": "display_data", "data": "text"})
    assert read(odd, {}, {"cell_type": "code", "metadata": {"nbgrader": 3}}) == [
        Answer("mean", "x")
    ]
    assert answers_in(from_dict({})) == []


# --- What it says --------------------------------------------------------------------------------


def words(*args: Any) -> str:
    return " ".join(Page(render_feedback(*args)).words.split())


def test_the_page_says_what_was_earned_and_why() -> None:
    text = words(CLASS[1], ANSWERS, "The KL weight")
    assert "2.5 of 18 points so far" in text
    assert "No question is fully right yet." in text
    assert "1 question waits for a person; your total can still grow by 10." in text
    assert "mean does its part 1. 0.5 of 2 Your code gave an answer, but another one." in text
    assert "return sum(x) / len(x)" in text
    assert "What its cell printed: 2.5" in text
    text = words(CLASS[2], [], "")
    assert "1 of 2 checked questions are fully right." in text
    assert "Instead: KeyError: 'x'" in text


def test_a_failure_stands_at_the_top_with_what_to_do() -> None:
    text = words(CLASS[4], [], "The KL weight")
    assert text.index("A cell took too long.") < text.index("2 of 4 points")
    assert "The 2 points below stand all the same." in text
    assert "What to do:" in text
    assert "There are no points yet." in words(CLASS[3], [], "")


def test_full_marks_are_praised_and_comments_shown() -> None:
    assert "Every point. Well done!" in words(result("ada", question("mean", 2)), [], "")
    assert "Everything that has been checked so far is right." in words(CLASS[0], [], "")
    text = words(CLASS[0], [], "", COMMENTS)
    assert "Your instructor writes: Nearly. Read section 4." in text


@given(question=questions)
def test_points_of_a_waiting_question_are_open(question: Any) -> None:
    text = words(result("ada", question, READ_BY_A_PERSON), [], "")
    assert "for a person; your total can still grow by" in text


# --- In a browser --------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_feedback_opens_from_disk_without_complaint(
    browser: Any, tmp_path: Path, width: int
) -> None:
    wide = Answer("mean", SOURCE + "  # wide" * 40, "wide" * 200)
    for number, student in enumerate(
        [*CLASS, result("n" * 300, question("q" * 300, 0, instead="i" * 300), failure="f" * 900)]
    ):
        path = tmp_path / f"{number}.html"
        path.write_text(render_feedback(student, [wide], "The KL weight"), encoding="utf-8")
        assert open_page(browser, path, width) == []
