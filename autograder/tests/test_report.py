"""The class report, the CSV for an LMS, and a regrade's differences."""

from __future__ import annotations

import csv
import dataclasses
import io
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.pages import cut
from autograder.report import (
    MAX_NAMES,
    Change,
    feedback_path,
    histogram,
    part_summaries,
    quartiles,
    question_summaries,
    render_changes,
    render_csv,
    render_report,
)
from autograder.results import QuestionResult, Result
from autograder.tests.made_pages import (
    CLASS,
    HOSTILE,
    Page,
    check_page,
    open_page,
    question,
    result,
    results,
    texts,
)

classes = st.lists(results, max_size=5)

# --- Any text ------------------------------------------------------------------------------------

KNOWN = Page(render_report(CLASS, "The KL weight"))


@settings(max_examples=60, deadline=None)
@given(results=classes, title=texts)
@example([result("ada", QuestionResult("share without bound", 1, 2e-311))], "The KL weight")
def test_no_text_becomes_markup(results: list[Result], title: str) -> None:
    html = render_report(results, title)
    html.encode("utf-8")
    page = Page(html)
    check_page(page)
    assert page.tags <= KNOWN.tags
    assert page.attributes <= KNOWN.attributes
    for link in page.links:
        assert link.startswith("feedback/")
        assert link.count("/") == 2
        assert ".." not in link.split("/")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(text: str) -> None:
    page = Page(render_report([result(text, question(text, 0, instead=text), failure=text)], text))
    assert page.words.count(cut(text, 60)[:59]) >= 8


def test_feedback_is_linked_where_a_folder_can_have_the_name() -> None:
    assert feedback_path(result("ada")) == "feedback/ada/02_kl_weight.html"
    assert feedback_path(result("Ēriks B?#%")) == (
        "feedback/%C4%92riks%20B%3F%23%25/02_kl_weight.html"
    )
    for name in ("", ".", "..", "../../x", "a\\b", "\0", "\ud800", "n" * 300):
        assert feedback_path(result(name)) is None
    page = Page(render_report(CLASS, "", link=lambda r: f"elsewhere/{len(r.student)}.html"))
    assert "elsewhere/3.html" in page.links


# --- Numbers -------------------------------------------------------------------------------------


@given(results=classes)
def test_the_histogram_counts_everyone(results: list[Result]) -> None:
    bins = histogram(results)
    assert sum(bin_.count for bin_ in bins) == len(results)


def test_a_total_counts_in_the_bin_that_starts_with_it() -> None:
    earned = [0, 0.9, 1, 3, 7, 9.5, 10]
    students = [Result("s", "t", (QuestionResult("q", e, 10),)) for e in earned]
    assert [bin_.count for bin_ in histogram(students)] == [2, 1, 0, 1, 0, 0, 0, 1, 0, 2]
    assert histogram([*students, result("dan", failure="")])[0].count == 3


def test_quartiles_of_any_class() -> None:
    def of(*totals: float) -> Any:
        return quartiles([Result("s", "t", (QuestionResult("q", n, 10),)) for n in totals])

    assert of() is None
    assert of(2.5) == (2.5, 2.5, 2.5)
    assert of(1, 2, 3, 4, 5) == (2, 3, 4)


def test_questions_are_averaged_over_those_who_were_graded() -> None:
    mean, scale, essay = question_summaries(CLASS)
    assert (mean.name, mean.max_points, mean.mean) == ("mean", 4, (4 + 2.5 + 4 + 2) / 4)
    assert scale.mean == 2
    assert (essay.mean, essay.n_waiting) == (None, 2)


def test_parts_tell_who_missed_them_and_what_came_instead() -> None:
    parts = {part.expects: part for part in part_summaries(CLASS)}
    first = parts["`scale` does its part 0."]
    assert next(iter(parts.values())) is first  # missed most often
    assert (first.question, first.n_graded, first.missed_by) == ("scale", 3, ["ben", "cleo"])
    assert dict(first.instead) == {"KeyError: 'x'": 1}
    assert parts["`mean` does its part 1."].missed_by == ["ben"]  # half the points are not all
    assert part_summaries(CLASS[:1]) == []


def test_the_report_says_what_happened() -> None:
    text = " ".join(Page(render_report(CLASS, "The KL weight")).words.split())
    assert "Submissions 5 Median 2.5 of 18 points Middle half 2–6" in text
    assert "dan The kernel died. 0" in text
    assert "2 of 3 missed it" in text
    assert "1 × KeyError: 'x'" in text
    assert "Nobody missed a part" in Page(render_report(CLASS[:1], "")).words
    assert "Nobody has handed in" in Page(render_report([], "")).words


def test_the_histogram_has_words_beside_it() -> None:
    assert 'aria-label="Histogram of totals. 0 to 1.8 points: 1. 1.8 to 3.6 points: 2.' in (
        render_report(CLASS, "")
    )


def test_two_thousand_submissions_make_a_page_that_opens() -> None:
    parts = [question(f"question_{q}", 0, 0, 0, instead="ValueError: shapes") for q in range(8)]
    name = "é" * 300
    students = [result(f"{i:04d}{name}", *parts, failure="f" * 2000) for i in range(2000)]
    started = time.perf_counter()
    html = render_report(students, "The KL weight")
    assert time.perf_counter() - started < 10  # about one second on an idle machine
    assert len(html.encode()) < 2_000_000
    assert f"and {2000 - MAX_NAMES:,} more" in Page(html).words
    assert Page(html).words.count("0 of 6") == 8


# --- CSV -----------------------------------------------------------------------------------------


def rows(results: list[Result]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(results), newline="")))


def test_csv_has_one_row_a_student() -> None:
    eve, ada, ben, *_ = rows(CLASS)
    assert ada == {
        "student": "ada",
        "points": "8",
        "max_points": "18",
        "mean": "4",
        "scale": "4",
        "essay": "0",
        "waits_for_person": "yes",
        "failure": "",
    }
    assert ben["points"] == "2.5"
    assert (eve["student"], eve["scale"], eve["failure"]) == (
        "../eve",
        "",
        "A cell took too long.",
    )


def test_csv_is_ordered_and_keeps_unicode() -> None:
    names = ["木村 花子", "ben", "Ēriks", "ada"]
    students = [row["student"] for row in rows([result(name) for name in names])]
    assert students == sorted(names)
    assert render_csv(CLASS) == render_csv(CLASS[::-1])
    assert render_csv([]).split() == ["student,points,max_points,waits_for_person,failure"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "  =", "\x1b[0m=", "＝", "\n@"])
def test_no_cell_is_a_formula(start: str) -> None:
    text = f'{start}HYPERLINK("http://example.org")'
    (row,) = rows([result(text, failure=text)])
    assert row["student"].startswith("'")
    assert row["failure"].startswith("'")
    assert row["student"].endswith('HYPERLINK("http://example.org")')


@given(results=classes)
@example([result("\x1f\t=1")])
@example([result("\r\t1")])
def test_csv_stays_a_table(results: list[Result]) -> None:
    text = render_csv(results)
    text.encode("utf-8")
    table = list(csv.reader(io.StringIO(text, newline="")))
    assert len(table) == len(results) + 1
    assert len({len(row) for row in table}) == 1
    assert not [cell for row in table for cell in row if cell.startswith(tuple("=+-@\t\r"))]


# --- A regrade -----------------------------------------------------------------------------------


def test_a_regrade_tells_who_gained_and_who_lost() -> None:
    after = [
        CLASS[0],
        dataclasses.replace(CLASS[1], questions=(question("mean", 2, 2), question("scale", 0, 0))),
        dataclasses.replace(CLASS[2], questions=(question("mean", 2, 0), question("scale", 0, 2))),
        dataclasses.replace(CLASS[3], questions=(question("mean", 2, 2),), failure=None),
        CLASS[4],
    ]
    changes = render_changes(CLASS, after)
    assert changes.gained == (Change("ben", "mean", 2.5, 4), Change("dan", "mean", 0, 4))
    assert changes.lost == (Change("cleo", "mean", 4, 2),)
    assert (changes.before, changes.after) == (18.5, 22)


@given(before=classes, after=classes)
def test_changes_turn_around(before: list[Result], after: list[Result]) -> None:
    there, back = render_changes(before, after), render_changes(after, before)
    turned = {Change(c.student, c.question, c.new, c.old) for c in back.lost}
    assert set(there.gained) == turned
    same = render_changes(before, before)
    assert (same.gained, same.lost) == ((), ())


# --- In a browser --------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_the_report_opens_from_disk_without_complaint(
    browser: Any, tmp_path: Path, width: int
) -> None:
    wide = [
        result(text, question("q" * 300, 0, instead="i" * 300), failure="f" * 900)
        for text in HOSTILE
    ]
    for number, students in enumerate(([], CLASS[:1], CLASS, wide)):
        path = tmp_path / f"{number}.html"
        path.write_text(render_report(students, "The KL weight"), encoding="utf-8")
        assert open_page(browser, path, width) == []
